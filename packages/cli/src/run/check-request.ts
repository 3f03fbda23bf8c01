import { AncError, isAncError } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import { locate, located, type PlaceOf } from '../config/locate.js';
import type { Config } from '../config/resolve.js';
import { checkGivenOptions, isGiven } from './given-teacher.js';

/** Checks what costs nothing to check. Throws `ANC_UNKNOWN` and `ANC_CONFIG`. */
export async function checkRequest(
  config: Config,
  { registries }: Composition,
  place: PlaceOf,
): Promise<void> {
  checkGivenOptions(config);
  for (const key of ['teacher', 'student'] as const) {
    if (key === 'teacher' && isGiven(config.teacher)) continue;
    await located([key], place, () => registries.models.get(config[key].name));
  }
  for (const [i, { name }] of config.methods.entries()) {
    await located(['methods', i], place, () => registries.methods.get(name));
  }
  for (const key of ['backend', 'teacherBackend', 'studentBackend'] as const) {
    const named = config[key];
    if (named !== undefined) await located([key], place, () => registries.backends.get(named.name));
  }
  await located(['dataset'], place, () => registries.datasets.get(config.dataset.name));
  for (const { key, kind, named } of partsOf(config)) {
    await located([key], place, () => registries[kind].get(named.name));
  }
  if (config.schedule === 'step' && config.milestones.length === 0) {
    throw new AncError('ANC_CONFIG', '--schedule step: there are no milestones, so the rate never drops.', {
      expected: 'at least one milestone',
      hint: 'say where it drops with --milestones, e.g. --milestones 0.5,0.75 --milestone-unit share.',
    });
  }
}

/** Throws `ANC_CONFIG` where a method's game would begin after its last epoch. */
export function checkStart(method: string, options: unknown, { epochs }: Config): void {
  const { start } = (options ?? {}) as { start?: unknown };
  if (typeof start !== 'number' || start < epochs) return;
  throw new AncError('ANC_CONFIG', `--start: the game of method "${method}" would never begin.`, {
    expected: `less than the ${epochs} epochs of --epochs`,
    received: String(start),
    hint: 'use a smaller --start or more --epochs.',
  });
}

/**
 * Does `work` of the method at `index`. What is wrong is said with its place in the file: that of the
 * objective's part that it is about, where it is about one, else the method's own.
 */
export async function locatedMethod<T>(
  index: number,
  config: Config,
  { registries }: Composition,
  place: PlaceOf,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    for (const { key, kind, named } of partsOf(config)) {
      const wrong: unknown = await registries[kind].check(named).catch((thrown: unknown) => thrown);
      if (isAncError(wrong) && isAncError(error) && wrong.message === error.message) {
        throw locate(wrong, [key], place);
      }
    }
    throw locate(error, ['methods', index], place);
  }
}

const kinds = {
  discriminator: 'discriminators',
  regularizer: 'regularizers',
  dataTerm: 'dataTerms',
  adversarialLoss: 'adversarialLosses',
  balancer: 'balancers',
} as const;

/** The parts of the objective that the run names. */
const partsOf = (config: Config) =>
  (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((key) => {
    const named: Named | undefined = config[key];
    return named === undefined ? [] : [{ key, kind: kinds[key], named }];
  });
