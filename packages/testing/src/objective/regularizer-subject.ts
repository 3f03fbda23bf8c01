import {
  mapTree,
  specOf,
  type Backend,
  type HostTensor,
  type ObjectiveContext,
  type Regularizer,
  type RegularizerContext,
  type Tree,
} from '@anc/core';
import { hasMemory, memoryFrom, rowsOf, scalarFrom, type RowRange } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { noiseOf, normalTensor } from '../harness/differentiable.js';
import { toTensor } from '../harness/tensors.js';
import { repeated, repeatedNoise, reversed, reversedNoise, type Subject } from './component-checks.js';

const BATCH = 6;
const WIDTH = 5;
const HIDDEN = 4;

const PARAMS = {
  'hidden/weights': normalTensor('w1', [WIDTH, HIDDEN]),
  'hidden/bias': normalTensor('b1', [HIDDEN]),
  'output/weights': normalTensor('w2', [HIDDEN, 1]),
  'output/bias': normalTensor('b2', [1]),
};

const FEATURES = {
  teacher: normalTensor('teacher', [BATCH, WIDTH]),
  student: normalTensor('student', [BATCH, WIDTH]),
  dropped: normalTensor('dropped', [BATCH, WIDTH]),
};

/** A small discriminator with smooth units, so that finite differences are accurate. x: [B, 5] -> [B, 4], [B, 1]. */
const hidden = (params: Tree, x: Tensor): Tensor =>
  tf.tanh(tf.add(tf.matMul(x, params['hidden/weights']!), params['hidden/bias']!));
const discriminate = (params: Tree, x: Tensor): Tensor =>
  tf.add(tf.matMul(hidden(params, x), params['output/weights']!), params['output/bias']!);

function contextOf(
  params: Tree,
  features: Tree,
  memory: Tree,
  noise: ObjectiveContext['noise'],
): RegularizerContext {
  const [teacher, student, dropped] = [features.teacher!, features.student!, features.dropped!];
  return {
    progress: tf.scalar(0.5),
    noise,
    params,
    teacher,
    student,
    dropped,
    onTeacher: discriminate(params, teacher),
    onStudent: discriminate(params, student),
    hiddenOnTeacher: { hidden1: hidden(params, teacher) },
    hiddenOnStudent: { hidden1: hidden(params, student) },
    memory,
    discriminate: (x) => discriminate(params, x),
    hidden: (x) => ({ hidden1: hidden(params, x) }),
  };
}

const initialMemory = (regularizer: Regularizer): Tree<HostTensor> =>
  hasMemory(regularizer) ? regularizer.memory([WIDTH]) : {};

/** The batch as it is, in reverse, or with every sample twice. */
type Batch = 'forwards' | 'reversed' | 'twice';

/** What a batch does to features and noise. */
const BATCHES: Readonly<
  Record<
    Batch,
    readonly [
      features: (given: Tree<HostTensor>) => Tree<HostTensor>,
      noise: (given: ObjectiveContext['noise']) => ObjectiveContext['noise'],
    ]
  >
> = {
  forwards: [(features) => features, (noise) => noise],
  reversed: [reversed, reversedNoise],
  twice: [repeated, repeatedNoise],
};

/** A regularizer's penalty as a function of D's parameters, with its initial memory. */
export function regularizerSubject(regularizer: Regularizer, batch: Batch = 'forwards'): Subject {
  const what = `regularizer "${regularizer.name}"`;
  const [featuresOf, noiseFor] = BATCHES[batch];
  const features = featuresOf(FEATURES);
  return {
    what: `${what}: penalty`,
    leaves: PARAMS,
    compute: (params, noise) => {
      const drawn = noiseFor(noise);
      const memory = mapTree(initialMemory(regularizer), toTensor);
      const context = contextOf(params, mapTree(features, toTensor), memory, drawn);
      return scalarFrom(what, 'penalty', () => regularizer.penalty(context));
    },
  };
}

/** A regularizer's memory after some steps on some rows of the batch; empty where it has none. */
async function memoryAfter(
  backend: Backend,
  regularizer: Regularizer,
  from: Tree<HostTensor>,
  { steps, rows }: { readonly steps: number; readonly rows: RowRange },
): Promise<Tree<HostTensor>> {
  if (!hasMemory(regularizer)) return {};
  const what = `regularizer "${regularizer.name}"`;
  const noise = await noiseOf((leaves, draw) => {
    regularizer.next(contextOf(leaves, mapTree(FEATURES, toTensor), mapTree(from, toTensor), draw));
    return tf.scalar(0);
  }, PARAMS);
  const batch = mapTree({ ...FEATURES, ...noise }, (entry) => rowsOf(entry, rows));
  const inputs = { ...PARAMS, ...batch, ...from };
  const compiled = await backend.compileFunction(
    (tensors) => {
      const own = mapTree(from, (_, name) => tensors[name]!);
      const context = contextOf(tensors, tensors, own, (name) => tensors[name]!);
      return memoryFrom(what, 'next', own, () => regularizer.next(context));
    },
    { id: `contract: memory of ${what}`, inputs: mapTree(inputs, specOf) },
  );
  let memory = from;
  for (let i = 0; i < steps; i++) memory = await compiled.run({ ...inputs, ...memory });
  await compiled.dispose();
  return memory;
}

const WHOLE: RowRange = { start: 0, count: BATCH };

/** A regularizer's memory after some steps on a backend; empty where it has none. */
export const memoryAfterSteps = (
  backend: Backend,
  regularizer: Regularizer,
  steps: number,
): Promise<Tree<HostTensor>> =>
  memoryAfter(backend, regularizer, initialMemory(regularizer), { steps, rows: WHOLE });

/** Parts of the batch of which one has more rows. */
const PARTS: readonly RowRange[] = [
  { start: 0, count: 2 },
  { start: 2, count: BATCH - 2 },
];

/** The memory after a further step: on the whole batch, and the mean over the rows of its parts. */
export async function memoryOfParts(
  backend: Backend,
  regularizer: Regularizer,
  from: Tree<HostTensor>,
): Promise<{ readonly whole: Tree<HostTensor>; readonly mean: Tree<HostTensor> }> {
  const whole = await memoryAfter(backend, regularizer, from, { steps: 1, rows: WHOLE });
  const sums = mapTree(whole, ({ data }) => new Float64Array(data.length));
  for (const rows of PARTS) {
    const part = await memoryAfter(backend, regularizer, from, { steps: 1, rows });
    for (const [name, sum] of Object.entries(sums)) {
      part[name]!.data.forEach((value, i) => (sum[i]! += (value * rows.count) / BATCH));
    }
  }
  const mean = mapTree(whole, ({ shape }, name) => ({ shape, data: Float32Array.from(sums[name]!) }));
  return { whole, mean };
}
