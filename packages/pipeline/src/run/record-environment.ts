import { createHash } from 'node:crypto';
import { AncError, sizeOf, targetsOf, type DatasetSplit } from '@anc/core';
import { readTargets } from '@anc/core/internal';
import { describeEnvironment, type RunFolder } from '@anc/runtime';
import { choiceOf } from '../backends/auto.js';
import { optionsForRecord } from '../files/recorded-options.js';
import type { Plan, TrainingPlan } from '../planning/plan.js';
import { versions } from './versions.js';

/**
 * What is recorded of a split. The labels have a digest of their own, because an images' fingerprint does not cover
 * them: what a teacher says of an image is the same under any label, what an error means is not.
 */
async function recordOf(split: DatasetSplit) {
  const { count, fingerprint } = split.images;
  const targets = await targetsOf(split)?.();
  if (targets === undefined) return { count, fingerprint };
  const hash = createHash('sha256');
  const some = Math.max(1, Math.floor(MOST_AT_ONCE / sizeOf(targets.shape)));
  for (let start = 0; start < count; start += some) {
    const length = Math.min(some, count - start);
    const values = await readTargets(
      targets,
      Int32Array.from({ length }, (_, i) => start + i),
    );
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return { count, fingerprint, labels: hash.digest('hex') };
}

/** Values of targets in memory at once. */
const MOST_AT_ONCE = 2 ** 20;

/** environment.json: the machine, the data's fingerprints, and every method's options as completed. */
async function environmentOf(
  { options, data, backends, students, teacher: model, plugins }: Plan | TrainingPlan,
  cwd: string,
  ranks = 1,
) {
  const machine = await describeEnvironment(backends.student, options.training.seed, versions(), cwd);
  const { teacher, student } = backends;
  const trained = 'given' in model ? students : [model, ...students];
  const choice = choiceOf(student) ?? choiceOf(teacher);
  return {
    ...machine,
    ...(choice === null ? {} : { backendChoice: choice }),
    ...(teacher === student ? {} : { teacherBackend: { ...teacher.environment, name: teacher.name } }),
    data: {
      train: await recordOf(data.train),
      ...('test' in data ? { test: await recordOf(data.test) } : {}),
      normalization: data.normalization,
      augmentation: data.augmentation.id,
      ...('given' in model ? { teacher: model.given.digest } : {}),
    },
    methods: Object.fromEntries(trained.map(({ name, options: completed }) => [name, completed])),
    options: optionsForRecord(options),
    plugins,
    ...(ranks === 1 ? {} : { ranks }),
  };
}

export async function recordEnvironment(
  folder: RunFolder,
  plan: TrainingPlan,
  cwd: string,
  ranks?: number,
): Promise<void> {
  await folder.writeEnvironment(await environmentOf(plan, cwd, ranks));
}

/**
 * Compares a run's record with where it is continued. Throws `ANC_RUN_DATA` where the data is other; says
 * where versions or the backend are, because the result may then differ in its last digits.
 */
export async function compareEnvironment(
  folder: RunFolder,
  plan: TrainingPlan,
  cwd: string,
  notice: (message: string) => void,
  ranks?: number,
): Promise<void> {
  const recorded = (await folder.readEnvironment()) as Awaited<ReturnType<typeof environmentOf>> | null;
  const here = await environmentOf(plan, cwd, ranks);
  if (recorded === null) return folder.writeEnvironment(here); // the crash came before it was written
  const parts = [...new Set([recorded.data, here.data].flatMap((data) => [...leaves(data).keys()]))];
  const [before, now] = [leaves(recorded.data), leaves(here.data)];
  const other = parts.find((part) => before.get(part) !== now.get(part));
  if (other === 'teacher') {
    throw new AncError('ANC_RUN_DATA', 'the teacher is not the one that this run began with.', {
      expected: `a teacher with the digest ${shortened(before.get(other))}`,
      received: shortened(now.get(other)),
      hint: 'its file, or what its address or function answers, has changed: restore it, or start a new run.',
    });
  }
  if (other !== undefined) {
    throw new AncError('ANC_RUN_DATA', 'the data is not what this run began with.', {
      expected: `${other}: ${shortened(before.get(other))}`,
      received: `${other}: ${shortened(now.get(other))}`,
      hint: 'give the same files with --data-dir, or start a new run.',
    });
  }
  for (const part of ['versions', 'backend', 'node', 'cpu', 'ranks'] as const) {
    if (JSON.stringify(recorded[part]) !== JSON.stringify(here[part])) {
      notice(`${part} changed since this run began: the result may differ in its last digits.`);
    }
  }
}

/** A mean image is long. */
const shortened = (leaf = 'nothing'): string => (leaf.length > 100 ? `${leaf.slice(0, 100)}…` : leaf);

/** The values of a record by their places in it, e.g. `train.fingerprint`. */
function leaves(record: object): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(record).flatMap(([key, value]): (readonly [string, string])[] =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? [...leaves(value as object)].map(([inner, leaf]) => [`${key}.${inner}`, leaf] as const)
        : [[key, JSON.stringify(value)]],
    ),
  );
}
