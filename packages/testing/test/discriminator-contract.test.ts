import '@tensorflow/tfjs-backend-cpu';
import {
  Discriminator,
  Rng,
  type Applied,
  type Context,
  type DiscriminatorOutputs,
  type HostTensor,
  type LayerSummary,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { discriminatorContract } from '../src/index.js';
import { ToyDiscriminator, toyTask } from '../src/toy/index.js';
import { failuresOf } from './collect.js';

/** What a faulty discriminator does differently. */
interface Fault {
  readonly init?: (rng: Rng, correct: (rng: Rng) => Variables<HostTensor>) => Variables<HostTensor>;
  readonly rows?: (rows: readonly LayerSummary[]) => readonly LayerSummary[];
  readonly logits?: (logits: Tensor, x: Tensor) => Tensor;
  readonly stats?: (context: Context) => Tree;
}

class FaultyDiscriminator extends Discriminator {
  readonly name = 'faulty';
  readonly #correct = new ToyDiscriminator();

  constructor(readonly fault: Fault) {
    super();
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    const correct = (from: Rng): Variables<HostTensor> => this.#correct.init(from, input);
    return (this.fault.init ?? ((from) => correct(from)))(rng, correct);
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { outputs, stats } = this.#correct.apply({ ...variables, stats: {} }, x, context);
    const logits = this.fault.logits?.(outputs.logits, x) ?? outputs.logits;
    return { outputs: { logits }, stats: this.fault.stats?.(context) ?? stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    const rows = this.#correct.summary(input);
    return this.fault.rows?.(rows) ?? rows;
  }
}

async function failures(fault: Fault): Promise<string[]> {
  const contract = `discriminator contract on [${toyTask.features}] > `;
  const failed = await failuresOf((runner) =>
    discriminatorContract(runner, () => new FaultyDiscriminator(fault), { input: [toyTask.features] }),
  );
  return failed.map((name) => name.replace(contract, ''));
}

/** The identity with `factor` times its gradient, which cannot be differentiated again. */
const scaledGradient = (factor: number) =>
  tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy: Tensor) => [tf.mul(dy, factor)],
  }));

let calls = 0;
/** Forbidden by the lint rules; the contract must find it. */
const unseeded = (): number => (Math as { random: () => number }).random();

const meanIf = (there: boolean): Tree => (there ? { mean: tf.scalar(1) } : {});

const INIT = 'init is the same for a seed and creates as many parameters as the summary counts';
const LOGITS = 'returns raw logits, one or a map of them per sample';
const GRADIENTS = 'has gradients for every parameter and the input, which agree with finite differences';
const TRACE = 'can be recorded as a graph';

const faults: readonly (readonly [fault: string, check: string, Fault])[] = [
  ['ignores the seed', INIT, { init: (_, correct) => correct(Rng.fromSeed(0)) }],
  ['is different each time', INIT, { init: (_, correct) => correct(Rng.fromSeed(++calls)) }],
  ['counts too few parameters', INIT, { rows: (rows) => rows.slice(1) }],
  ['returns probabilities', LOGITS, { logits: (logits) => tf.sigmoid(logits) }],
  ['returns one logit for all samples', LOGITS, { logits: (logits) => tf.reshape(tf.mean(logits), [1, 1]) }],
  ['drops the last axis', LOGITS, { logits: (logits) => tf.squeeze(logits, [1]) }],
  [
    'compares samples with each other',
    'treats each sample independently in inference',
    { logits: (logits) => tf.sub(logits, tf.mean(logits)) },
  ],
  [
    'changes statistics in inference',
    'changes statistics in training only',
    { stats: ({ training }) => meanIf(!training) },
  ],
  [
    'has unknown statistics in training',
    'changes statistics in training only',
    { stats: ({ training }) => meanIf(training) },
  ],
  ['has wrong gradients', GRADIENTS, { logits: (logits) => scaledGradient(2)(logits) }],
  ['has no gradient', GRADIENTS, { logits: (logits) => scaledGradient(0)(logits) }],
  [
    'has no second derivative',
    'can be differentiated twice',
    { logits: (logits) => scaledGradient(0)(logits) },
  ],
  ['reads values', TRACE, { logits: (logits) => tf.mul(logits, logits.dataSync().length > 0 ? 1 : 2) }],
  ['draws unseeded random numbers', TRACE, { logits: (logits) => tf.add(logits, 0 * unseeded()) }],
];

describe('a discriminator', () => {
  it('that is correct passes', async () => {
    expect(await failures({})).toEqual([]);
  });

  it.each(faults)('that %s is caught: %s', async (_, check, fault) => {
    expect(await failures(fault)).toContain(check);
  });
});
