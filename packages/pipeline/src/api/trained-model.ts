import { AncError, classification, type HostTensor, type Normalization, type Predictions } from '@anc/core';
import { decodeImage } from '@anc/datasets';
import { resolve } from 'node:path';
import type { Classifier } from '../classifier/classifier.js';
import { logitsBy } from '../check/teacher.js';
import type { ExportSource } from '../export/source.js';

/** Images to classify: bytes [N, H, W, C] in 0..255, or image files, which are resized to what the model takes. */
export type ImagesInput = HostTensor | string | readonly string[];

/** What a model predicts for some images. */
export interface Prediction {
  /**
   * What the model's task predicts, image after image: the index of the most likely class of each image, or of each of
   * its pixels.
   */
  readonly classes: Predictions;
  /** Names of these classes, where the model has names and predicts classes. */
  readonly labels: readonly string[] | null;
  /** [N, classes], or [N, …, classes] of other tasks. */
  readonly logits: HostTensor;
}

/** A trained classifier in memory. */
export class TrainedModel {
  /** Name of the student, `teacher`, or the file. */
  readonly name: string;
  /** Number of classes. */
  readonly classes: number;
  /** Names of the classes; null where they have none. */
  readonly classNames: readonly string[] | null;
  /** [H, W, C] of the images that it takes. */
  readonly input: readonly [number, number, number];
  /** Null where they are not counted. */
  readonly parameters: number | null;
  /** 2 × multiply-adds + bias additions, for one image; null where it is not counted. */
  readonly flops: number | null;
  /** How bytes become its input; null where it is not known. */
  readonly normalization: Normalization | null;
  /** SHA-256 of its file. */
  readonly digest: string;
  readonly #classifier: Classifier;
  readonly #close: () => Promise<void>;
  readonly #cwd: string;

  /** @internal Made by `distill`, `openClassifier` and the like. */
  constructor(
    name: string,
    classifier: Classifier,
    input: readonly [number, number, number],
    cwd: string,
    /** What `exportModel` writes; null for models that are not networks of this program. */
    readonly source: ExportSource | null,
    close: () => Promise<void>,
  ) {
    this.name = name;
    this.classes = classifier.classes;
    this.classNames = classifier.classNames;
    this.input = input;
    this.parameters = classifier.parameters;
    this.flops = classifier.flops;
    this.normalization = classifier.normalization;
    this.digest = classifier.digest;
    this.#classifier = classifier;
    this.#close = close;
    this.#cwd = cwd;
  }

  /** @internal */
  get classifier(): Classifier {
    return this.#classifier;
  }

  /**
   * Classifies images. Throws `ANC_SHAPE` for tensors of another size, and `ANC_DATA_*` for files that cannot be read.
   */
  async predict(images: ImagesInput): Promise<Prediction> {
    const { data, count } = await this.#bytesOf(images);
    const { teacher, task = classification } = this.#classifier;
    const logits: HostTensor = {
      shape: [count, ...teacher.outputs['logits']!],
      data: await logitsBy(this.#classifier, this.input)(data, count),
    };
    const classes = task.predict(logits);
    const { classNames } = this;
    const areNamed = classNames !== null && classes instanceof Int32Array;
    return { classes, labels: areNamed ? [...classes].map((index) => classNames[index]!) : null, logits };
  }

  /** Frees the network. */
  async dispose(): Promise<void> {
    await this.#close();
  }

  async #bytesOf(images: ImagesInput): Promise<{ data: Uint8Array; count: number }> {
    const size = this.input.reduce((a, b) => a * b, 1);
    if (typeof images === 'string' || Array.isArray(images)) {
      const files = [images as string | string[]].flat();
      const data = new Uint8Array(files.length * size);
      for (const [i, file] of files.entries()) {
        data.set(await decodeImage(resolve(this.#cwd, file), this.input, null), i * size);
      }
      return { data, count: files.length };
    }
    const { shape, data } = images as HostTensor;
    const [count = 0, ...rest] = shape;
    if (rest.join() !== this.input.join() || data.length !== count * size || !(data instanceof Uint8Array)) {
      throw new AncError('ANC_SHAPE', 'the images are not what the model takes.', {
        expected: `bytes (Uint8Array) of shape [N, ${this.input.join(', ')}]`,
        received: `${data.constructor.name} of shape [${shape.join(', ')}]`,
      });
    }
    return { data, count };
  }
}
