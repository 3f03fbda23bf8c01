import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import type { RunFolder } from '@anc/runtime';
import { isOwn, type PluginRecord } from '../composition/provenance.js';
import { finishedModels } from '../files/verify.js';
import type { InstalledPlugin } from '../plugins/load-composition.js';

/** A plugin that is another one than when the run began. */
export interface ChangedPlugin {
  readonly name: string;
  readonly from: Pick<PluginRecord, 'version' | 'digest'>;
  readonly to: Pick<PluginRecord, 'version' | 'digest'>;
}

/** The part of environment.json that is about plugins; folders of earlier versions have none. */
interface RecordedPlugins {
  readonly plugins?: readonly PluginRecord[];
  readonly pluginChanges?: readonly { plugins: readonly ChangedPlugin[]; finished: readonly string[] }[];
}

/**
 * The installed plugins that a run used, without anyone having named them; undefined in folders of earlier versions, and where
 * the run stopped before it was recorded.
 */
export async function foundPlugins(folder: RunFolder): Promise<InstalledPlugin[] | undefined> {
  const { plugins } = ((await folder.readEnvironment()) ?? {}) as RecordedPlugins;
  return plugins?.flatMap(({ name, discovered, used, folder: project }) =>
    discovered && used && project !== undefined ? [{ name, folder: project }] : [],
  );
}

/**
 * Compares the plugins of a run with those that it is continued with. Where `accept` is set, changes are recorded, and the
 * run goes on with the plugins of today; not where it `isOver`, because no model would be trained with them.
 *
 * @param again the command that continues.
 * @throws `ANC_PLUGIN_CHANGED` where one has other content, and `accept` is not set or the run is over.
 */
export async function comparePlugins(
  folder: RunFolder,
  now: readonly PluginRecord[],
  { accept, isOver }: { readonly accept: boolean; readonly isOver: boolean },
  notice: (message: string) => void,
  again = `anc-cli run --resume ${shellQuoted(folder.path)}`,
): Promise<void> {
  const environment = (await folder.readEnvironment()) as RecordedPlugins | null;
  const changed = (environment?.plugins ?? []).filter(isOwn).flatMap((before): ChangedPlugin[] => {
    const after = now.find(({ name, source }) => name === before.name && source !== 'built-in');
    if (after === undefined || after.digest === before.digest) return [];
    return [{ name: before.name, from: stateOf(before), to: stateOf(after) }];
  });
  if (changed.length === 0) return;
  if (!accept || isOver) {
    throw new AncError(
      'ANC_PLUGIN_CHANGED',
      `${changed.map(({ name }) => `plugin "${name}"`).join(' and ')} changed since the run in ${folder.path} began.`,
      {
        expected: changed.map(({ name, from }) => `${name} ${inWords(from)}`).join(', '),
        received: changed.map(({ name, to }) => `${name} ${inWords(to)}`).join(', '),
        hint: isOver
          ? 'restore it: nothing is unfinished in this run, so nothing would be trained with it as it is. A new run takes it.'
          : `restore it; or train what is unfinished with it as it is, which is recorded: ${again} --change-plugins.`,
      },
    );
  }
  notice(
    `plugins of this run were changed: ${changed.map(({ name, from, to }) => `${name} ${inWords(from)} became ${inWords(to)}`).join('; ')}; it is recorded.`,
  );
  await folder.writeEnvironment({
    ...environment,
    plugins: now,
    pluginChanges: [
      ...(environment?.pluginChanges ?? []),
      { plugins: changed, finished: await finishedModels(folder) },
    ],
  });
}

const stateOf = ({ version, digest }: PluginRecord) => ({ version, digest });

/** `1.0.0 (sha256:0123456789ab…)`. */
const inWords = ({ version, digest }: Pick<PluginRecord, 'version' | 'digest'>): string =>
  `${version ?? 'without a version'} (${digest === null ? 'no digest' : `${digest.slice(0, 19)}…`})`;
