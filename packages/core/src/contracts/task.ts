import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { HostTensor, Tree } from '../tree/tree.js';

/** The data that a task is about. */
export interface TaskData {
  /** [H, W, C] of an image. */
  readonly input: readonly number[];
  /** Number of classes, or of whatever the last axis of the logits counts. */
  readonly classes: number;
}

/** A number that says how well predictions meet the targets of a split. */
export interface TaskMetric {
  /** Its name in documents and logs, e.g. `error` or `mean-iou`. */
  readonly name: string;
  /** Heading of its column in tables; default: the name. */
  readonly label?: string;
  /** Whether a higher or a lower value is better. */
  readonly better: 'higher' | 'lower';
  /** `share`: from 0 to 1, shown in percent; `number`: shown as it is. Default: `share`. */
  readonly unit?: 'share' | 'number';
  /** Whether tables have a column of it; default: true. Documents hold it anyway. */
  readonly inTables?: boolean;
  /** It is reported of at least so many classes only. */
  readonly fewestClasses?: number;
}

/** Predictions for the images of a split, image after image: class indices, or numbers. */
export type Predictions = Int32Array | Float32Array;

/** What chance alone reaches where predictions are classes. */
export interface ChanceAgreement {
  /** Agreement that a constant prediction of the teacher's most frequent class reaches. */
  readonly baseline: number;
  /** Cohen's kappa (1960); null where both give one class alone, where it is not defined. */
  readonly kappa: number | null;
}

/** How far two models predict the same, whatever the targets are. */
export interface Agreement {
  /** From 0 to 1; 1 where all predictions are equal. */
  readonly agreement: number;
  /** null where predictions are no classes. */
  readonly chance: ChanceAgreement | null;
}

/** Accumulates a task's metrics over the images of a split, so that no more than a batch of logits is in memory. */
export interface Measurement {
  /** logits: [n, …outputs]; targets: n × targets, image after image. */
  add(logits: HostTensor, targets: Int32Array): void;
  /** Every metric of the task by its name, over all images that were added. */
  result(): Tree<number>;
}

/**
 * What a network's logits mean: their shape, the targets that they are compared with, and what is measured. Everything
 * that is done with logits and labels goes through a task; networks, teachers, caches and backends know shapes alone.
 *
 * The tensor functions (`loss`, `batchMetrics`, `batchAgreement`) become part of a compiled step: they use operations of
 * tfjs-core and never read a tensor's values.
 */
export interface Task {
  /** Identifies everything that it computes, its options included. */
  readonly name: string;
  /** Shape of an image's logits, without the batch axis; classes are on the last axis. */
  outputs(data: TaskData): readonly number[];
  /** Shape of an image's target, int32: `[]` for one class index, `[H, W]` for a mask. */
  targets(data: TaskData): readonly number[];
  /** The first one is the primary metric, by which models are compared and chosen. */
  readonly metrics: readonly [TaskMetric, ...TaskMetric[]];
  /** What training with targets minimizes. logits: [B, …outputs]; targets: [B, …targets] int32. */
  loss(logits: Tensor, targets: Tensor): Scalar;
  /** Metrics of a training batch by name, for the log. Shapes as in `loss`. */
  batchMetrics(logits: Tensor, targets: Tensor): Tree<Scalar>;
  /** Share of equal predictions of a training batch. student, teacher: [B, …outputs]. */
  batchAgreement(student: Tensor, teacher: Tensor): Scalar;
  /** What a network predicts for n images, the same number of values for each. logits: [n, …outputs]. */
  predict(logits: HostTensor): Predictions;
  /** Compares the predictions of two models for the same images. */
  agreement(predicted: Predictions, teacher: Predictions): Agreement;
  /** Begins to measure a split. */
  measure(data: TaskData): Measurement;
}
