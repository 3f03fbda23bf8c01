import type { RunHook } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import type { PlannedHook } from '../hooks/hook-runner.js';
import { aboutOption, optionError } from '../options/option-error.js';
import type { Named } from '../text/named.js';

/** Where the numbers of a run go unless it is said. */
const REPORTED_TO = ['tensorboard'];
/** In their place: nowhere. */
const NOWHERE = 'none';

/**
 * Creates the hooks of a run: those that are named, then those of `reportTo` that are not among them. Throws `ANC_UNKNOWN`, `ANC_OPTIONS`, and `ANC_CONFIG` where a hook comes
 * twice.
 */
export async function planHooks(
  named: readonly Named[],
  { registries }: Pick<Composition, 'registries'>,
  reportTo?: readonly string[],
): Promise<readonly PlannedHook[]> {
  const planned: PlannedHook[] = [];
  for (const [i, { name, options }] of named.entries()) {
    planned.push(await aboutOption(['hooks', i], () => created({ name, options }, registries)));
    const { name: own } = planned.at(-1)!.hook;
    if (planned.filter(({ hook }) => hook.name === own).length > 1) {
      throw optionError(['hooks', i], `the hook "${own}" comes twice.`, {
        hint: 'name it once, with all of its options.',
      });
    }
  }
  const trackers = (reportTo ?? REPORTED_TO).filter((name) => name !== NOWHERE);
  if (reportTo?.includes(NOWHERE) === true && trackers.length > 0) {
    throw optionError(['output', 'reportTo'], `"${NOWHERE}" comes with other names.`, {
      received: reportTo.join(','),
      hint: 'leave it off, or the others.',
    });
  }
  for (const [i, name] of [...new Set(trackers)].entries()) {
    if (named.some((other) => other.name === name)) continue; // with the options that it is given there
    if (reportTo === undefined && !registries.hooks.has(name)) continue;
    planned.push(
      await aboutOption(['output', 'reportTo', i], () => created({ name, options: {} }, registries)),
    );
  }
  return planned;
}

async function created(named: Named, { hooks }: Composition['registries']): Promise<PlannedHook> {
  const hook: RunHook = await hooks.create(named, undefined);
  return { hook, plugin: hooks.get(named.name).package };
}

/** Throws `ANC_CONFIG` where a hook needs held-out images and there are none. */
export function checkHeldOut(hooks: readonly PlannedHook[], hasHeldOut: boolean): void {
  if (hasHeldOut) return;
  const index = hooks.findIndex(({ hook }) => hook.needsValidation === true);
  if (index === -1) return;
  throw optionError(['hooks', index], `the hook "${hooks[index]!.hook.name}" needs held-out images.`, {
    expected: 'a share of the training images that is held out, or a dataset with validation images',
    hint: 'set it with --validation, e.g. --validation 0.1; the test images are never used for it.',
  });
}
