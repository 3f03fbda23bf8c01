import {
  Generator,
  type Applied,
  type GeneratorEnvironment,
  type GeneratorOutputs,
  type HostTensor,
  type LayerSummary,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { toBytes } from './output-range.js';

/**
 * A control without parameters: each pixel is normal noise of the mean and deviation that the student's normalization names,
 * cut off at the ends of the range of bytes.
 */
export class NoiseGenerator extends Generator {
  readonly name: string;
  readonly noise: number;

  constructor(readonly environment: GeneratorEnvironment) {
    super();
    const { image } = environment;
    this.name = `noise(${JSON.stringify(environment)})`;
    this.noise = image.reduce((product, size) => product * size, 1);
  }

  init(): Variables<HostTensor> {
    return { params: {}, stats: {} };
  }

  apply(_variables: Variables, z: Tensor): Applied<GeneratorOutputs> {
    const pixels = tf.reshape(z, [z.shape[0], ...this.environment.image]);
    return { outputs: { images: tf.clipByValue(toBytes(pixels, this.environment), 0, 255) }, stats: {} };
  }

  summary(): readonly LayerSummary[] {
    return [{ name: 'noise', output: this.environment.image, parameters: 0, flops: 0 }];
  }
}
