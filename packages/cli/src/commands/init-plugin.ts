import { AncError } from '@anc/core';
import { kindNames, KINDS, loadComposition } from '@anc/pipeline/plugins';
import { describeWritten, kindOf, namesOf, writePlugin, type PluginKind } from 'create-anc-plugin';
import { createTerminal } from '../terminal/terminal.js';
import type { Session } from './command.js';
import { asWord } from './kind-word.js';

export interface InitPluginOptions {
  readonly folder?: string;
  readonly json?: boolean;
}

/** Refuses a name that one of our own packages has: two plugins with it could not be used together. */
async function assertNotBuiltIn(kind: PluginKind, name: string, cwd: string): Promise<void> {
  const { registries } = await loadComposition([], cwd);
  const key = kindNames.find((own) => asWord(KINDS[own]) === kind)!;
  const taken = registries[key].all.find((registration) => registration.name === name);
  if (taken === undefined) return;
  throw new AncError('ANC_USAGE', `"${name}" is the name of another ${KINDS[key]}, in ${taken.package}.`, {
    expected: `another name than ${registries[key].names.join(', ')}`,
    received: name,
    hint: `choose one such as "my-${name}".`,
  });
}

/** `init plugin <kind> <name>`: the package that `npm create anc-plugin` writes. */
export async function initPlugin(
  kind: string,
  name: string,
  { folder, json }: InitPluginOptions,
  session: Session,
): Promise<void> {
  const terminal = createTerminal(json === true, session);
  await assertNotBuiltIn(kindOf(kind), namesOf(name).component, session.cwd);
  const written = await writePlugin({
    kind,
    name,
    cwd: session.cwd,
    ...(folder === undefined ? {} : { folder }),
  });
  terminal.document(written);
  terminal.print(describeWritten(written));
}
