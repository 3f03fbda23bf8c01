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
import { FEATURES, SmallDiscriminator } from '../src/backend-contract/toy-players.js';
import { discriminatorContract } from '../src/index.js';
import { failuresOf } from './collect.js';

/** What a broken discriminator does differently. */
interface Fault {
  readonly init?: (rng: Rng, sound: (rng: Rng) => Variables<HostTensor>) => Variables<HostTensor>;
  readonly rows?: (rows: readonly LayerSummary[]) => readonly LayerSummary[];
  readonly logits?: (logits: Tensor, x: Tensor) => Tensor;
  readonly stats?: (context: Context) => Tree;
}

class Given extends Discriminator {
  readonly name = 'given';
  readonly #sound = new SmallDiscriminator();

  constructor(readonly fault: Fault) {
    super();
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    const sound = (from: Rng): Variables<HostTensor> => this.#sound.init(from, input);
    return (this.fault.init ?? ((from) => sound(from)))(rng, sound);
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { outputs, stats } = this.#sound.apply({ ...variables, stats: {} }, x, context);
    const logits = this.fault.logits?.(outputs.logits, x) ?? outputs.logits;
    return { outputs: { logits }, stats: this.fault.stats?.(context) ?? stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    const rows = this.#sound.summary(input);
    return this.fault.rows?.(rows) ?? rows;
  }
}

async function caught(fault: Fault): Promise<string[]> {
  const contract = `discriminator contract on [${FEATURES}] > `;
  const failed = await failuresOf((runner) =>
    discriminatorContract(runner, () => new Given(fault), { input: [FEATURES] }),
  );
  return failed.map((name) => name.replace(contract, ''));
}

/** Its value with `factor` times its gradient, once and for all. */
const sloped = (factor: number) =>
  tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy: Tensor) => [tf.mul(dy, factor)],
  }));

let beginnings = 0;
/** What the rules of this house forbid, and the contract must see. */
const lots = (): number => (Math as { random: () => number }).random();

const meanIf = (there: boolean): Tree => (there ? { mean: tf.scalar(1) } : {});

const INIT = 'init repeats by seed and makes as many parameters as the summary counts';
const LOGITS = 'gives raw logits, one verdict or one map of them per sample';
const SLOPES = 'has the slopes of its logits as gradients, for every parameter and for what it looks at';
const TRACE = 'does nothing that a recorded graph could not';

const faults: readonly (readonly [fault: string, check: string, Fault])[] = [
  ['ignores the seed', INIT, { init: (_, sound) => sound(Rng.fromSeed(0)) }],
  ['begins anew each time', INIT, { init: (_, sound) => sound(Rng.fromSeed(++beginnings)) }],
  ['counts too few parameters', INIT, { rows: (rows) => rows.slice(1) }],
  ['gives probabilities', LOGITS, { logits: (logits) => tf.sigmoid(logits) }],
  ['gives one verdict for all', LOGITS, { logits: (logits) => tf.reshape(tf.mean(logits), [1, 1]) }],
  ['forgets the axis of verdicts', LOGITS, { logits: (logits) => tf.squeeze(logits, [1]) }],
  [
    'compares samples with each other',
    'judges each sample alone in inference',
    { logits: (logits) => tf.sub(logits, tf.mean(logits)) },
  ],
  [
    'changes statistics in inference',
    'changes statistics in training alone',
    { stats: ({ training }) => meanIf(!training) },
  ],
  [
    'invents statistics in training',
    'changes statistics in training alone',
    { stats: ({ training }) => meanIf(training) },
  ],
  ['has other gradients than its slopes', SLOPES, { logits: (logits) => sloped(2)(logits) }],
  ['has no gradient', SLOPES, { logits: (logits) => sloped(0)(logits) }],
  ['ends the second derivative', 'can be differentiated twice', { logits: (logits) => sloped(0)(logits) }],
  ['reads values', TRACE, { logits: (logits) => tf.mul(logits, logits.dataSync().length > 0 ? 1 : 2) }],
  ['draws lots', TRACE, { logits: (logits) => tf.add(logits, 0 * lots()) }],
];

describe('a discriminator', () => {
  it('that is sound is not accused', async () => {
    expect(await caught({})).toEqual([]);
  });

  it.each(faults)('that %s is caught: %s', async (_, check, fault) => {
    expect(await caught(fault)).toContain(check);
  });
});
