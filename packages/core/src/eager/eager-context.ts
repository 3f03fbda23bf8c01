import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiableRankMean } from '../autodiff/rank-mean.js';
import type { Inputs } from '../contracts/backend.js';
import type { RankMeans } from '../contracts/exchange.js';
import type { BatchRanks, Context } from '../contracts/network.js';
import { drawNoise, noiseSpec } from '../random/noise.js';
import { noiseName } from '../step/play-phases.js';

/** The context of inference: no noise, activations unchanged. */
export const inference: Context = {
  training: false,
  noise(name) {
    throw new Error(`noise "${name}" was requested in inference mode`);
  },
  activation: (_name, x) => x,
};

/**
 * A training context that draws and uploads noise when it is requested.
 *
 * @param repeat how often the phase has already run in this step
 * @param ranks see `eagerRanks`
 */
export function eagerContext(
  { seed, step, offset = 0 }: Inputs['noise'],
  repeat: number,
  ranks: BatchRanks | null = null,
): Context {
  return {
    ...(ranks !== null && { ranks }),
    training: true,
    noise(name, shape, distribution, rows) {
      const spec = noiseSpec(noiseName(name, repeat), shape, distribution, rows);
      const host = drawNoise(spec, seed, step, offset);
      return tf.tensor(host.data, [...shape], 'float32');
    },
    activation: (_name, x) => x,
  };
}

/** The other ranks of a step that runs op by op: values come to the host and go back, and the thread waits. */
export function eagerRanks(count: number, means: RankMeans | undefined): BatchRanks {
  const meanOf = (x: Tensor): Tensor => {
    if (means === undefined) return tf.clone(x);
    const values = means.meanBlocking!(x.dataSync<'float32'>());
    return tf.tensor(values, x.shape, 'float32');
  };
  return { count, mean: differentiableRankMean(meanOf) };
}
