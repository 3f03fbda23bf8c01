import type { OnnxTeacherOptions } from '@anc/backend-onnx';
import type { Backend, Normalization, Task, Teacher } from '@anc/core';
import type { WeightsRequest } from './weights-file.js';

/** A trained network from a file, frozen: bytes in, logits and features out. */
export interface Classifier {
  readonly teacher: Teacher;
  /** What it is, for people: the model, or the file. */
  readonly model: string;
  /** What its logits mean; absent: what the images' task says, or classification. */
  readonly task?: Task;
  readonly classes: number;
  readonly classNames: readonly string[] | null;
  /** Null where they are not counted. */
  readonly parameters: number | null;
  /** For one image; null where it is not counted. */
  readonly flops: number | null;
  readonly normalization: Normalization | null;
  /** SHA-256 of the file. */
  readonly digest: string;
  /** Its size. */
  readonly bytes: number;
  /** What a person should know of how it was read. */
  readonly notices: readonly string[];
  /** Frees the network; backends that it opened for itself, too. */
  dispose(): Promise<void>;
}

export interface ClassifierRequest {
  /** As a person named it. */
  readonly file: string;
  readonly cwd: string;
  /** [H, W, C] of the images that it will be given. */
  readonly images: readonly [number, number, number];
  /** Where networks of ours compute. An ONNX model computes in ONNX Runtime. */
  readonly backend: Backend;
  readonly model?: WeightsRequest['model'];
  readonly stateDict?: WeightsRequest['stateDict'];
  readonly preprocessing?: string;
  readonly onnx?: OnnxTeacherOptions;
  readonly classes?: readonly string[];
  /** How many classes the images have, which tells apart the outputs of an ONNX model. */
  readonly imageClasses?: number;
  /** Shape of an image's logits, where the task has several predictions per image; of an ONNX model. */
  readonly outputs?: readonly number[];
  /** Taken for its classes where it does not name them. */
  readonly classNames?: readonly string[];
}
