import type { Tensor } from '@tensorflow/tfjs-core';
import { Student, type Applied, type ClassifierOutputs, type Context } from '../contracts/network.js';
import type { LayerSummary, Variables } from '../contracts/network.js';
import { AncError } from '../errors/error.js';
import type { Rng } from '../random/rng.js';
import type { HostTensor } from '../tree/tree.js';
import { modelInputError, type Layer } from './layer.js';
import { sequential } from './sequential.js';

/** A context that also records the tensor at every tap. */
function recordingTaps(context: Context): {
  readonly context: Context;
  readonly taps: Record<string, Tensor>;
} {
  const taps: Record<string, Tensor> = {};
  return {
    taps,
    context: {
      ...context,
      noise: (name, shape, distribution) => context.noise(name, shape, distribution),
      activation: (name, x) => (taps[name] = context.activation(name, x)),
    },
  };
}

/**
 * A model made of layers: x [B, H, W, C] -> logits, features and every tap. One of the layers is `tap('features')`; the
 * output of the last layer is the logits [B, …, classes], of any task.
 */
export class LayeredNetwork extends Student {
  readonly name: string;
  readonly classes: number;
  readonly #body: Layer;

  /** Throws `ANC_MODEL` where two layers have the same name or `classes` is not a positive integer. */
  constructor(name: string, classes: number, layers: readonly Layer[]) {
    super();
    if (!Number.isInteger(classes) || classes < 1) {
      throw new AncError('ANC_MODEL', `${name}: the number of classes is not a positive integer.`, {
        expected: 'an integer, 1 or more',
        received: `${classes}`,
      });
    }
    this.name = name;
    this.classes = classes;
    this.#body = sequential(name, layers);
  }

  override init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    this.#check(input);
    return this.#body.init(rng, input);
  }

  override apply(variables: Variables, x: Tensor, context: Context): Applied<ClassifierOutputs> {
    const recorded = recordingTaps(context);
    const { output, stats } = this.#body.apply(variables, x, recorded.context);
    const { features, ...taps } = recorded.taps;
    if (features === undefined) {
      throw new AncError('ANC_MODEL', `${this.name}: no layer is tap('features').`, {
        hint: "put tap('features') before the last layer.",
      });
    }
    return { outputs: { ...taps, logits: output, features }, stats };
  }

  override summary(input: readonly number[]): readonly LayerSummary[] {
    this.#check(input);
    const start = this.name.length + 1;
    return this.#body.summary(input).map((row) => ({ ...row, name: row.name.slice(start) }));
  }

  /** What the layers are to compute, in words. */
  protected readonly wanted: string = 'logits';

  /** Why an output of this shape cannot be the logits of an image; null where it can. */
  protected whyNotLogits(output: readonly number[]): string | null {
    return output.at(-1) === this.classes
      ? null
      : `its layers give [${output.join(', ')}], not ${this.classes} logits on the last axis.`;
  }

  #check(input: readonly number[]): void {
    const hint = this.whyNotLogits(this.#body.outputShape(input));
    if (hint === null) return;
    throw modelInputError(this.name, `an image from which its layers compute ${this.wanted}`, input, hint);
  }
}

/** An image classifier made of layers: x [B, H, W, C] -> logits [B, classes], features [B, d] and every tap. */
export class LayeredClassifier extends LayeredNetwork {
  protected override readonly wanted = 'one vector of logits';

  protected override whyNotLogits(output: readonly number[]): string | null {
    return output.length === 1 && output[0] === this.classes
      ? null
      : `its layers give [${output.join(', ')}], not ${this.classes} logits.`;
  }
}
