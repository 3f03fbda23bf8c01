import { NetworkTeacher, type Host, type Variables } from '@anc/core';
import { TeacherMemo } from '@anc/runtime';
import { predict, type EvaluateContext } from './evaluate-player.js';
import type { Plan } from './plan.js';
import { digestOf } from './weights.js';

/** What a teacher said, kept for the next run of the same teacher on the same images. */
export interface TeacherMemory {
  memo?: TeacherMemo;
  /** Its classes for the test images, and what they hold for. */
  test?: { readonly key: string; readonly classes: Int32Array };
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

/** The classes that the teacher gives to the test images. */
export async function teacherClasses(
  { teacher, data, backends }: Plan,
  variables: Variables<Host>,
  memory: TeacherMemory,
  context: Omit<EvaluateContext, 'backend'>,
): Promise<Int32Array> {
  const key = JSON.stringify([
    digestOf(variables),
    teacher.network.network.name,
    data.test.images.fingerprint,
    backends.teacher.name,
  ]);
  if (memory.test?.key !== key) {
    const classes = await predict(teacher.network, variables, data.test, 'teacher on the test images', {
      ...context,
      backend: backends.teacher,
    });
    memory.test = { key, classes };
  }
  return memory.test.classes;
}
