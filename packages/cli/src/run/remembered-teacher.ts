import { NetworkTeacher, type DatasetSplit, type Host, type Variables } from '@anc/core';
import { TeacherMemo } from '@anc/runtime';
import { predict, type EvaluateContext } from './evaluate-player.js';
import type { Plan } from './plan.js';
import { digestOf } from './weights.js';

/** What a teacher said, kept for the next run of the same teacher on the same images. */
export interface TeacherMemory {
  memo?: TeacherMemo;
  /** Its classes for the images of a split, by what they hold for. */
  classes?: ReadonlyMap<string, Int32Array>;
}

/** The trained teacher, frozen, behind its memo. */
export async function rememberedTeacher(
  { teacher: player, data, backends, config }: Plan,
  variables: Variables<Host>,
  memory: TeacherMemory,
): Promise<{ outputs: TeacherMemo; dispose(): Promise<void> }> {
  const teacher = await NetworkTeacher.create({
    backend: backends.teacher,
    network: player.network.network,
    variables,
    input: data.dataset.shape,
    digest: digestOf(variables),
  });
  const { batchSize } = config;
  const outputs = new TeacherMemo(teacher, data.train.images, data.augmentation, {
    budgetMb: config.teacherMemoMb,
    ...(memory.memo === undefined ? {} : { from: memory.memo }),
    // Never one: a product of a single row is summed in another order, so its last bits differ.
    batchSizes: [8, 4, 2, 1].map((part) => Math.min(batchSize, Math.max(2, Math.ceil(batchSize / part)))),
  });
  memory.memo = outputs;
  return { outputs, dispose: () => teacher.dispose() };
}

/** The classes that the teacher gives to the images of a split. `what`: the split in words. */
export async function teacherClasses(
  { teacher, backends }: Plan,
  variables: Variables<Host>,
  memory: TeacherMemory,
  split: DatasetSplit,
  what: string,
  context: Omit<EvaluateContext, 'backend'>,
): Promise<Int32Array> {
  const key = JSON.stringify([
    digestOf(variables),
    teacher.network.network.name,
    split.images.fingerprint,
    backends.teacher.name,
  ]);
  const known = memory.classes?.get(key);
  if (known !== undefined) return known;
  const classes = await predict(teacher.network, variables, split, `teacher on the ${what}`, {
    ...context,
    backend: backends.teacher,
  });
  memory.classes = new Map([...(memory.classes ?? []), [key, classes]]);
  return classes;
}
