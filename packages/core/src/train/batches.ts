import type { ImageBatch, LabeledBatch } from '../contracts/dataset.js';
import type { Stage } from '../contracts/method.js';
import type { TeacherOutputs } from '../contracts/teacher.js';
import { AncError } from '../errors/error.js';
import { firstNotFinite, prefixTree, sizeOf, type HostTensor, type Tree } from '../tree/tree.js';

/** Rows of a stage's batches that are images of the data: where it has a share of them, at least one and not all. */
export function imageRows({ imageShare = 1 }: Pick<Stage, 'imageShare'>, batchSize: number): number {
  if (imageShare === 0 || imageShare === 1) return imageShare * batchSize;
  return Math.max(1, Math.min(batchSize - 1, Math.round(batchSize * imageShare)));
}

/** Batches without images, for stages that make them. */
export function emptyBatches(stepsPerEpoch: number, shape: readonly number[]): BatchSource {
  const batch = { indices: new Int32Array(), views: new Int32Array(), images: new Uint8Array() };
  return {
    stepsPerEpoch,
    shape,
    *epoch(_epoch, from) {
      for (let step = from; step < stepsPerEpoch; step++) yield batch;
    },
  };
}

/** A source of batches of one size. Label-free stages are given a source that has no labels. */
export interface BatchSource<B extends ImageBatch = ImageBatch> {
  /** Batches of one epoch. */
  readonly stepsPerEpoch: number;
  /** [H, W, C]. */
  readonly shape: readonly number[];
  /**
   * Where a rank's batches are rows of larger ones: the place of its first row in those, on which noise depends. 0 where
   * left out.
   */
  readonly offset?: number;
  /** The batches of one epoch, from batch `from` on. The same epoch always gives the same batches. */
  epoch(epoch: number, from: number): AsyncIterable<B> | Iterable<B>;
}

/**
 * The inputs of a step, none where it makes its images itself: `images` [B, H, W, C] bytes, the teacher outputs that the stage declares as `teacher/<name>`
 * [B, …], and `labels` [B, …] only where the stage declares that it uses them.
 *
 * @throws `ANC_TEACHER` or `ANC_LABELS` where the stage needs what there is not; `ANC_TEACHER_OUTPUT` where an output of
 *   the teacher is not finite.
 */
export async function stepInputs(
  stage: Stage,
  batch: ImageBatch | LabeledBatch,
  shape: readonly number[],
  teacher: TeacherOutputs | null,
): Promise<Tree<HostTensor>> {
  if (stage.imageShare === 0) return {};
  const size = batch.indices.length;
  const inputs: Record<string, HostTensor> = { images: { shape: [size, ...shape], data: batch.images } };
  if (stage.teacherOutputs.length > 0) {
    if (teacher === null) {
      throw new AncError('ANC_TEACHER', `stage "${stage.name}" needs a teacher, and there is none.`);
    }
    const outputs = await teacher.outputs(batch, stage.teacherOutputs);
    for (const [name, output] of Object.entries(outputs)) assertFiniteOutput(name, output, batch.indices);
    Object.assign(inputs, prefixTree('teacher', outputs));
  }
  if (stage.usesLabels) {
    if (!('labels' in batch)) {
      throw new AncError('ANC_LABELS', `stage "${stage.name}" needs labels, and the data has none.`, {
        hint: 'choose a method that needs no labels, such as adversarial, kd or l2.',
      });
    }
    inputs.labels = { shape: [size, ...(stage.targetShape ?? [])], data: batch.labels };
  }
  return inputs;
}

/** @throws `ANC_TEACHER_OUTPUT`: a student that imitates NaN becomes NaN. */
function assertFiniteOutput(name: string, { data, shape }: HostTensor, indices: Int32Array): void {
  const at = firstNotFinite(data);
  if (at === -1) return;
  const image = indices[Math.floor(at / sizeOf(shape.slice(1)))];
  throw new AncError('ANC_TEACHER_OUTPUT', `the teacher's output "${name}" is not finite.`, {
    expected: 'numbers',
    received: `${data[at]} for training image ${image}`,
    hint: 'its training diverged, its file is damaged, or its pixels are normalized otherwise: see --teacher-preprocessing.',
  });
}
