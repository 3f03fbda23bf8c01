import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { BatchNormInput, ClassifierOutputs, Context, Network, Variables } from '../contracts/network.js';
import type { ObjectiveContext } from '../contracts/objective.js';
import { originOf } from '../contracts/origin.js';
import { AncError } from '../errors/error.js';
import { received } from '../finite/produced.js';
import type { RowRange } from '../tree/rows.js';
import { mapTree, prefixTree, subtree, type Tree } from '../tree/tree.js';
import type { DataFreeSetup } from './data-free-setup.js';
import { samplesFrom, scalarFrom } from './component-result.js';
import { modelNames, modelStateOf } from './model-state.js';
import { assertApplied, blamed } from './network-result.js';
import { wholeContext } from './play-phases.js';

/** Name of the replay memory in the training state. */
export const MEMORY = 'memory';

/** State entry of the images that were generated last, for people. */
export const PREVIEW = 'preview/images';

/** Most images of the preview. */
export const PREVIEWED = 36;

/** Standard normal noise for `rows` images. */
export const noiseFor = (
  { generator }: DataFreeSetup,
  context: Context,
  name: string,
  rows: number,
): Tensor => context.noise(`${name}/noise`, [rows, generator.noise], { kind: 'normal', mean: 0, std: 1 });

/**
 * The generator's images for z [B, n], its batch norm in training mode.
 *
 * @throws `ANC_OBJECTIVE` where it returns no images of the batch, in the shape that student and teacher take.
 */
export function generate(
  { generator }: DataFreeSetup,
  state: Tree,
  params: Tree,
  z: Tensor,
  context: Context,
) {
  const { stats } = modelStateOf(state, modelNames.generator);
  const what = originOf('generator', generator);
  const applied = blamed(what, () => generator.apply({ params, stats }, z, context));
  assertApplied(what, applied, { params, stats }, [], z.shape[0]);
  const { images } = applied.outputs;
  const shape = [z.shape[0], ...state[PREVIEW]!.shape.slice(1)]; // of images that student and teacher take
  if (images instanceof tf.Tensor && images.shape.join() === shape.join())
    return { images, stats: applied.stats };
  throw new AncError('ANC_OBJECTIVE', `${what} makes no images of the shape that student and teacher take.`, {
    expected: `a tensor [${shape.join(', ')}]`,
    received: images instanceof tf.Tensor ? `[${images.shape.join(', ')}]` : String(images),
    hint: 'return { outputs: { images }, stats } from apply.',
  });
}

/** The frozen teacher's outputs in inference mode; `seen`: is given the input of each batch norm. */
export function applyTeacher(
  { teacher }: Pick<DataFreeSetup, 'teacher'>,
  state: Tree,
  images: Tensor,
  context: Context,
  seen?: (input: BatchNormInput) => void,
): ClassifierOutputs {
  const frozen: Context = {
    training: false,
    noise: (name, shape, distribution) => context.noise(name, shape, distribution),
    activation: (_name, x) => x,
    ...(seen && { normalized: seen }),
  };
  return outputsFor(teacher, modelStateOf(state, modelNames.teacher), images, frozen);
}

/** The student's outputs in training mode, as where it is updated; its statistics are not kept. */
export const applyStudent = (
  { student }: Pick<DataFreeSetup, 'student'>,
  state: Tree,
  images: Tensor,
  context: Context,
): ClassifierOutputs => outputsFor(student, modelStateOf(state, modelNames.student), images, context);

/** A model's outputs for images that were made, to which gradients flow. */
function outputsFor(
  model: Network<ClassifierOutputs>,
  variables: Variables,
  images: Tensor,
  context: Context,
): ClassifierOutputs {
  const what = originOf('model', model);
  const applied = blamed(what, () => model.apply(variables, received(what, 'the images', images), context));
  assertApplied(what, applied, variables, ['logits'], images.shape[0]);
  return applied.outputs;
}

/** The discrepancy between two models' logits. */
export function distanceBetween(
  { discrepancy }: Pick<DataFreeSetup, 'discrepancy'>,
  student: ClassifierOutputs,
  teacher: ClassifierOutputs,
  context: ObjectiveContext,
): Scalar {
  const what = originOf('discrepancy', discrepancy);
  return scalarFrom(what, 'distance', () =>
    discrepancy.distance(
      received(what, "the student's logits", student.logits),
      received(what, "the teacher's logits", teacher.logits),
      context,
    ),
  );
}

/** Teacher outputs that the student's loss reads. */
export const teacherOutputsOf = ({ dataTerm }: Pick<DataFreeSetup, 'dataTerm'>): readonly string[] => [
  ...new Set(['logits', ...(dataTerm.teacherOutputs ?? [])]),
];

/** Generated images and the teacher's outputs for them, by the names of a batch: what the memory stores. */
export const samplesOf = (
  setup: Pick<DataFreeSetup, 'dataTerm'>,
  images: Tensor,
  teacher: Tree,
): Record<string, Tensor> => ({
  images,
  ...prefixTree('teacher', Object.fromEntries(teacherOutputsOf(setup).map((name) => [name, teacher[name]!]))),
});

/** Generated rows of the batch that the student is shown: those of a rank, of all that there are on all ranks. */
export interface ShownRows {
  /** How many there are on all ranks. */
  readonly all: number;
  /** Those of this rank. */
  readonly own: RowRange;
}

/** A rank's rows of x [all, …], and `more` that follow them; the first one follows the last. */
function ownRows(x: Tensor, { all, own: { start, count } }: ShownRows, more = 0): Tensor {
  const end = start + count + more;
  if (end <= all) return tf.slice(x, start, count + more);
  return tf.concat([tf.slice(x, start, all - start), tf.slice(x, 0, end - all)]);
}

/**
 * Pairs of generated images, averaged with a share of its own for each, from 0 to 1 alike (mixup, Zhang 2018, with α = 1),
 * and the teacher's outputs for the averages. The partner of an image is the next one, that of the last one the first.
 *
 * @param made on ranks with the first image of the next rank, which is the partner of the last one.
 */
function mixed(setup: DataFreeSetup, state: Tree, made: Tree, context: Context): Tree {
  const { shown } = setup;
  const rows = shown?.all ?? made.images!.shape[0];
  const draws = shown === undefined ? context : wholeContext(context);
  const drawn = draws.noise('mixup/share', [rows, 1, 1, 1], { kind: 'uniform', low: 0, high: 1 });
  const share = shown === undefined ? drawn : ownRows(drawn, shown);
  const images = shown === undefined ? made.images! : tf.slice(made.images!, 0, shown.own.count);
  const next = tf.slice(made.images!, 1);
  const others = shown === undefined ? tf.concat([next, tf.slice(images, 0, 1)]) : next;
  const average = tf.add(others, tf.mul(share, tf.sub(images, others)));
  return samplesOf(setup, average, applyTeacher(setup, state, average, context));
}

/**
 * The batch that the student is shown: images of the data where there are some, and generated ones, without gradients to
 * the generator. On ranks the rows of this one: which rows of the memory all of them show is drawn alike, and so are new
 * images, as their batch norm compares all of a batch.
 */
export function shownBatch(setup: DataFreeSetup, state: Tree, batch: Tree, context: Context): Tree {
  const { memory, batchSize, shown } = setup;
  const given = batch.images?.shape[0] ?? 0;
  const rows = shown?.all ?? batchSize - given;
  const whole = shown === undefined ? context : wholeContext(context);
  const own = (x: Tensor): Tensor =>
    shown === undefined ? x : ownRows(x, shown, setup.mixup === true ? 1 : 0);
  const drawn = (): Tree => {
    if (!memory.fresh) {
      const uniform = own(whole.noise('memory/rows', [rows], { kind: 'uniform', low: 0, high: 1 }));
      const names = ['images', ...teacherOutputsOf(setup).map((name) => `teacher/${name}`)];
      const shape = [uniform.shape[0], ...state[PREVIEW]!.shape.slice(1)];
      return samplesFrom(originOf('memory', memory), names, shape, () =>
        memory.draw(subtree(state, MEMORY), uniform),
      );
    }
    const { params } = modelStateOf(state, modelNames.generator);
    const images = own(generate(setup, state, params, noiseFor(setup, whole, 'shown', rows), whole).images);
    return samplesOf(setup, images, applyTeacher(setup, state, images, context));
  };
  const made = setup.mixup === true ? mixed(setup, state, drawn(), context) : drawn();
  if (given === 0) return made;
  return mapTree(made, (x, name) => tf.concat([tf.cast(batch[name]!, 'float32'), x]));
}
