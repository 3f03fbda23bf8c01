import '@tensorflow/tfjs-backend-cpu';
import {
  batchNorm,
  differentiableRankMean,
  gradientAt,
  mapTree,
  type BatchRanks,
  type Context,
} from '@anc/core';
import { inference, rowRange } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { inLockstep, type LockstepRank } from '../src/toy/index.js';

beforeAll(() => tf.setBackend('cpu'));

const ROWS = 7;
const CHANNELS = 3;
const layer = batchNorm('norm');
const host = layer.init(undefined as never, [CHANNELS]);
/** Far from the running average, 0, and differently so for each rank. */
const x = tf.tensor2d(
  Array.from({ length: ROWS * CHANNELS }, (_, i) => 20 + 3 * Math.sin(5 * i) + i),
  [ROWS, CHANNELS],
);
const target = tf.tensor2d(
  Array.from({ length: ROWS * CHANNELS }, (_, i) => Math.cos(3 * i)),
  [ROWS, CHANNELS],
);

function ranksOf(count: number, rows: number, { blocking }: LockstepRank): BatchRanks {
  const mean = differentiableRankMean((values) => {
    const own = { phase: 'test', rows, values: [values.dataSync<'float32'>()] };
    return tf.tensor(blocking(own)[0]!, values.shape);
  });
  return { count, mean };
}

interface Found {
  readonly gamma: Tensor;
  readonly x: Tensor;
  readonly penalized: Tensor;
  readonly output: Tensor;
  readonly stats: Readonly<Record<string, Tensor>>;
}

/** Output, first derivatives of a loss and those of the norm of its gradient, for some rows. */
function derivatives(rows: Tensor2D, wanted: Tensor2D, ranks?: BatchRanks): Found {
  const context: Context = { ...inference, training: true, ...(ranks && { ranks }) };
  const stats = mapTree(host.stats, ({ data }) => tf.tensor(data));
  const applied = (input: Tensor, gamma: Tensor) =>
    layer.apply({ params: { gamma, beta: tf.zeros([CHANNELS]) }, stats }, input, context);
  const gamma = tf.tensor1d([1.5, 0.5, 2]);
  const losses = (input: Tensor, scale: Tensor): Tensor =>
    tf.sum(tf.pow(tf.sub(applied(input, scale).output, wanted), 3), 1);
  const loss = (input: Tensor, scale: Tensor): Scalar => tf.mean(losses(input, scale));
  const penalty = (scale: Tensor): Scalar =>
    tf.mean(tf.sum(tf.square(gradientAt((input) => tf.sum(losses(input, scale)), rows)), 1));
  return {
    ...applied(rows, gamma),
    gamma: gradientAt((scale) => loss(rows, scale), gamma),
    x: gradientAt((input) => loss(input, gamma), rows),
    penalized: gradientAt(penalty, gamma),
  };
}

const values = (tensor: Tensor): number[] => [...tensor.dataSync()];

function expectClose(found: number[], expected: number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
  expect(found).toHaveLength(expected.length);
  expect(error / largest).toBeLessThan(2e-5);
}

/** What three ranks find that have the first rows of a batch among them, and what one process does. */
async function found(rows: number) {
  const counts = [0, 1, 2].map((rank) => rowRange(rows, 3, rank));
  const part = (whole: Tensor2D, start: number, count: number): Tensor2D =>
    tf.slice(whole, [start, 0], [count, CHANNELS]);
  const all = await inLockstep(3, async (rank) => {
    const { start, count } = counts[rank.rank]!;
    await Promise.resolve();
    return derivatives(part(x, start, count), part(target, start, count), ranksOf(3, count, rank));
  });
  const averaged = (of: (each: Found) => Tensor): number[] =>
    values(tf.addN(all.map((each, i) => tf.mul(of(each), counts[i]!.count / rows))));
  return { all, counts, averaged, whole: derivatives(part(x, 0, rows), part(target, 0, rows)) };
}

describe('synchronized batch norm', () => {
  it('has the outputs, statistics and gradients of the whole batch on ranks of 3, 2 and 2 rows', async () => {
    const { all, counts, averaged, whole } = await found(ROWS);
    expectClose(
      all.flatMap(({ output }) => values(output)),
      values(whole.output),
    );
    // Each rank's loss is a mean over its rows: its gradients count by its share of them.
    const shares = all.flatMap((each, i) => values(each.x).map((value) => (value * counts[i]!.count) / ROWS));
    expectClose(shares, values(whole.x));
    expectClose(
      averaged(({ gamma }) => gamma),
      values(whole.gamma),
    );
    for (const name of ['mean', 'variance'])
      for (const each of all) expectClose(values(each.stats[name]!), values(whole.stats[name]!));
  });

  it('has the gradient of a gradient penalty', async () => {
    const { averaged, whole } = await found(6);
    expectClose(
      averaged(({ penalized }) => penalized),
      values(whole.penalized),
    );
  });
});
