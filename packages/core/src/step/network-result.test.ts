import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Applied, Variables } from '../contracts/network.js';
import { filled, type HostTensor } from '../tree/tree.js';
import { assertApplied, assertVariables } from './network-result.js';

beforeAll(() => tf.setBackend('cpu'));

const WHAT = 'discriminator "patch" of plugin "anc-plugin-zoo"';
const variables: Variables = { params: {}, stats: { 'norm/mean': tf.zeros([4]) } };
const refused = (message: string, received: string): Error =>
  expect.objectContaining({
    code: 'ANC_OBJECTIVE',
    message: expect.stringContaining(message) as string,
    detail: expect.objectContaining({ received }) as object,
  }) as Error;

describe('assertApplied', () => {
  const check = (applied: unknown) => () =>
    assertApplied(WHAT, applied as Applied<object>, variables, ['logits'], 64);
  const logits = tf.zeros([64, 1]);

  it('takes logits of any shape after the batch, and statistics of the same shapes', () => {
    expect(check({ outputs: { logits }, stats: {} })).not.toThrow();
    expect(
      check({ outputs: { logits: tf.zeros([64, 7, 7, 1]) }, stats: { 'norm/mean': tf.ones([4]) } }),
    ).not.toThrow();
  });

  it.each([
    [{ outputs: { logits: tf.scalar(0) }, stats: {} }, `${WHAT} returned logits of shape [].`, '[]'],
    [
      { outputs: { logits: tf.zeros([3, 1]) }, stats: {} },
      `${WHAT} returned logits of shape [3, 1].`,
      '[3, 1]',
    ],
    [{ outputs: {}, stats: {} }, `${WHAT} returned no logits.`, 'undefined'],
    [{ outputs: { logits } }, `${WHAT} returned no outputs and statistics.`, '{ outputs }'],
    [logits, `${WHAT} returned no outputs and statistics.`, 'a tensor of shape [64, 1]'],
    [undefined, `${WHAT} returned no outputs and statistics.`, 'undefined'],
    [{ outputs: { logits }, stats: { other: logits } }, 'the unknown statistic "other"', 'other'],
    [
      { outputs: { logits }, stats: { 'norm/mean': logits } },
      'the statistic "norm/mean" in another shape',
      'a tensor of shape [64, 1]',
    ],
  ])('refuses %#', (applied, message, received) => {
    expect(check(applied)).toThrow(refused(message, received));
  });
});

describe('assertVariables', () => {
  const check = (value: unknown) => () => assertVariables(WHAT, value as Variables<HostTensor>);
  it('takes finite host tensors', () => {
    expect(check({ params: { w: filled([2, 3], 1) }, stats: {} })).not.toThrow();
  });

  it.each([
    [undefined, 'no variables', 'undefined'],
    [{ params: {} }, 'no variables', '{ params }'],
    [{ params: { w: tf.zeros([2]) }, stats: {} }, 'no host tensor for params "w"', 'a tensor of shape [2]'],
    [{ params: { w: { shape: [2] } }, stats: {} }, 'no host tensor for params "w"', '{ shape }'],
    [
      { params: {}, stats: { m: { ...filled([3]), shape: [2] } } },
      'stats "m" with a wrong number of values',
      '3',
    ],
    [{ params: { w: filled([2], Infinity) }, stats: {} }, 'not finite', 'Infinity at 0'],
  ])('refuses %#', (value, message, received) => {
    expect(check(value)).toThrow(refused(`init of ${WHAT} returned`, received));
    expect(check(value)).toThrow(message);
  });
});
