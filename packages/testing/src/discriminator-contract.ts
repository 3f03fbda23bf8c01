import {
  drawNoise,
  gradientAt,
  mapTree,
  mergeTrees,
  namesOf,
  Rng,
  valueAndGradients,
  type Context,
  type Discriminator,
  type HostTensor,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { equal } from './backend-contract/measure.js';
import { wrongGradients } from './finite-differences.js';
import type { NetworkContractRunner } from './network-contract.js';
import { untraceableIn } from './untraceable.js';

export interface DiscriminatorContractOptions {
  /** Shape of what it looks at, without the batch axis. */
  readonly input?: readonly number[];
  /** Width of the condition, for those that take one. */
  readonly classes?: number;
  /** Whether gradient penalties may differentiate through its gradient. */
  readonly twiceDifferentiable?: boolean;
  /** A tfjs backend that is registered. */
  readonly backend?: string;
}

const BATCH = 4;

const contextOf = (training: boolean): Context => ({
  training,
  noise: (name, shape, law) =>
    tf.tensor(drawNoise({ name, shape, distribution: law }, 1, 0).data, [...shape] as [number], 'float32'),
  activation: (_name, x) => x,
});

const gaussian = (name: string, shape: readonly number[]): Tensor => {
  const rng = Rng.fromSeed(2).split(name);
  const size = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => rng.normal()),
    [...shape] as [number],
  );
};

const largest = (x: Tensor): number => tf.max(tf.abs(x)).dataSync()[0]!;

/**
 * A discriminator proves itself: seeded init that matches its summary, raw logits [B, …] (never a sigmoid), one
 * verdict per sample, statistics that move in training alone, a gradient for every parameter and for what it looks
 * at that are its slopes, second derivatives, and nothing that a recorded graph could not do.
 *
 * `create` is called anew for every test. A tfjs backend must be registered by the caller.
 */
export function discriminatorContract(
  { describe, it, expect }: NetworkContractRunner,
  create: () => Discriminator,
  options: DiscriminatorContractOptions = {},
): void {
  const { input = [6], classes = 3, twiceDifferentiable = true, backend = 'cpu' } = options;
  const within = (name: string, body: (d: Discriminator) => void): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() => body(create()));
    });
  const initial = (d: Discriminator, seed = 1): Variables<HostTensor> =>
    d.init(Rng.fromSeed(seed), input, classes);
  /** Off their starting points: biases at zero hide mistakes. */
  const variables = (d: Discriminator): Variables => {
    const device = ({ shape, data }: HostTensor, name: string): Tensor =>
      tf.add(tf.tensor(Float32Array.from(data), [...shape] as [number]), tf.mul(gaussian(name, shape), 0.05));
    const { params, stats } = initial(d);
    return { params: mapTree(params, device), stats: mapTree(stats, device) };
  };
  const condition = (batch = BATCH): Tensor => tf.softmax(gaussian('condition', [batch, classes]));
  const judge = (d: Discriminator, own: Variables, x: Tensor, training = false) =>
    d.conditional
      ? d.apply(own, x, contextOf(training), condition(x.shape[0]))
      : d.apply(own, x, contextOf(training));
  const samples = (): Tensor => gaussian('samples', [BATCH, ...input]);

  describe(`discriminator contract on [${input.join(', ')}]`, () => {
    within('init repeats by seed and makes as many parameters as the summary counts', (d) => {
      const [one, same, other] = [initial(d), initial(d), initial(d, 2)];
      const all = (v: Variables<HostTensor>): Tree<HostTensor> =>
        mergeTrees(
          mapTree(v.params, (leaf) => leaf),
          mapTree(v.stats, (leaf) => leaf),
        );
      expect(namesOf(one.params).filter((name) => !equal(one.params[name]!, same.params[name]!))).toEqual([]);
      expect(namesOf(all(one)).some((name) => !equal(all(one)[name]!, all(other)[name]!))).toBe(true);
      const made = Object.values(one.params).reduce((sum, { data }) => sum + data.length, 0);
      const rows = d.summary(input, classes);
      expect(rows.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(made);
    });

    within('gives raw logits, one verdict or one map of them per sample', (d) => {
      const own = variables(d);
      const { logits } = judge(d, own, samples()).outputs;
      expect(logits.shape[0]).toBe(BATCH);
      expect(logits.shape.length).toBeGreaterThan(1);
      const far = judge(d, own, tf.mul(samples(), 1e3)).outputs.logits;
      expect(largest(far)).toBeGreaterThan(1); // a sigmoid would stay within 0 and 1
      expect(largest(far)).toBeLessThan(Number.MAX_VALUE);
    });

    within('judges each sample alone in inference', (d) => {
      const own = variables(d);
      const all = judge(d, own, samples()).outputs.logits;
      const alone = d.conditional
        ? d.apply(own, tf.slice(samples(), 1, 1), contextOf(false), tf.slice(condition(), 1, 1))
        : judge(d, own, tf.slice(samples(), 1, 1));
      expect(largest(tf.sub(tf.slice(all, 1, 1), alone.outputs.logits))).toBeLessThan(1e-4);
    });

    within('changes statistics in training alone', (d) => {
      const own = variables(d);
      expect(Object.keys(judge(d, own, samples(), false).stats)).toEqual([]);
      const { stats } = judge(d, own, samples(), true);
      expect(namesOf(stats)).toEqual(namesOf(own.stats));
      for (const name of namesOf(stats)) expect(stats[name]!.shape).toEqual(own.stats[name]!.shape);
    });

    within('has the slopes of its logits as gradients, for every parameter and for what it looks at', (d) => {
      const own = variables(d);
      const leaves = { ...mapTree(own.params, (leaf) => leaf), 'the samples': samples() };
      const value = (tree: Tree): Scalar => {
        const { 'the samples': x, ...params } = tree;
        const { logits, classes: named } = judge(d, { params, stats: own.stats }, x!, true).outputs;
        const verdict = tf.sum(tf.mul(logits, gaussian('weights', logits.shape)));
        return (named === undefined ? verdict : tf.add(verdict, tf.sum(tf.square(named)))) as Scalar;
      };
      const { grads } = valueAndGradients((tree) => ({ loss: value(tree) }), leaves);
      expect(namesOf(grads).filter((name) => !(largest(grads[name]!) > 0))).toEqual([]);
      const slope = (tree: Tree): number => value(tree).dataSync()[0]!;
      // statistics such as spectral norms are constants to the gradient, so only those without are slopes
      if (Object.keys(own.stats).length === 0) expect(wrongGradients(slope, leaves, grads)).toEqual([]);
    });

    if (twiceDifferentiable) {
      within('can be differentiated twice', (d) => {
        const own = variables(d);
        const { grads } = valueAndGradients((params) => {
          const score = (x: Tensor): Scalar =>
            tf.sum<Scalar>(tf.tanh(judge(d, { params, stats: own.stats }, x, true).outputs.logits));
          return { loss: tf.sum<Scalar>(tf.square(gradientAt(score, samples()))) };
        }, own.params);
        const finite = namesOf(grads).every((name) => largest(grads[name]!) < Number.MAX_VALUE);
        expect(finite).toBe(true);
        expect(namesOf(grads).some((name) => largest(grads[name]!) > 0)).toBe(true);
      });
    }

    within('does nothing that a recorded graph could not', (d) => {
      const own = variables(d);
      const [x, told] = [samples(), condition()];
      const found = untraceableIn(() =>
        valueAndGradients((params) => {
          const at = { params, stats: own.stats };
          const { logits } = (
            d.conditional ? d.apply(at, x, contextOf(true), told) : d.apply(at, x, contextOf(true))
          ).outputs;
          return { loss: tf.sum<Scalar>(logits) };
        }, own.params),
      );
      expect(found).toEqual([]);
    });
  });
}
