import {
  gradientAt,
  mapTree,
  mergeTrees,
  namesOf,
  Rng,
  valueAndGradients,
  type Discriminator,
  type HostTensor,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { equal } from '../harness/compare.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { contextOf, finite, gaussian, largest, toTensor } from '../harness/tensors.js';
import { untraceableIn } from '../harness/untraceable.js';

/** Options of `discriminatorContract`. */
export interface DiscriminatorContractOptions {
  /** Shape of its input without the batch axis; [6] by default. */
  readonly input?: readonly number[];
  /** Width of the condition of conditional discriminators; 3 by default. */
  readonly classes?: number;
  /** Whether gradient penalties may differentiate its gradient; true by default. */
  readonly twiceDifferentiable?: boolean;
  /** A registered tfjs backend; `cpu` by default. */
  readonly backend?: string;
}

const SEED = 2;
const BATCH = 4;

/**
 * Contract of a discriminator: seeded init with as many parameters as its summary counts; raw logits [B, …] (never a
 * sigmoid), independent for each sample; statistics that change in training only; gradients for every parameter and for
 * the input that agree with finite differences; second derivatives; and no operation that a recorded graph cannot
 * repeat.
 *
 * `create` is called for every test. The tfjs backend must be registered by the caller.
 */
export function discriminatorContract(
  { describe, it, expect }: ContractRunner,
  create: () => Discriminator,
  options: DiscriminatorContractOptions = {},
): void {
  const { input = [6], classes = 3, twiceDifferentiable = true, backend = 'cpu' } = options;
  const test = (name: string, body: (d: Discriminator) => void): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() => body(create()));
    });
  const initial = (d: Discriminator, seed = 1): Variables<HostTensor> =>
    d.init(Rng.fromSeed(seed), input, classes);
  /** Initial variables plus small random numbers: biases at zero would hide mistakes. */
  const variables = (d: Discriminator): Variables => {
    const perturbed = (host: HostTensor, name: string): Tensor =>
      tf.add(toTensor(host), tf.mul(gaussian(SEED, name, host.shape), 0.05));
    const { params, stats } = initial(d);
    return { params: mapTree(params, perturbed), stats: mapTree(stats, perturbed) };
  };
  const condition = (batch = BATCH): Tensor => tf.softmax(gaussian(SEED, 'condition', [batch, classes]));
  const applied = (d: Discriminator, own: Variables, x: Tensor, training = false) =>
    d.conditional
      ? d.apply(own, x, contextOf(training), condition(x.shape[0]))
      : d.apply(own, x, contextOf(training));
  const samples = (): Tensor => gaussian(SEED, 'samples', [BATCH, ...input]);

  describe(`discriminator contract on [${input.join(', ')}]`, () => {
    test('init is the same for a seed and creates as many parameters as the summary counts', (d) => {
      const [one, same, other] = [initial(d), initial(d), initial(d, 2)];
      const all = (v: Variables<HostTensor>): Tree<HostTensor> =>
        mergeTrees(
          mapTree(v.params, (leaf) => leaf),
          mapTree(v.stats, (leaf) => leaf),
        );
      expect(namesOf(one.params).filter((name) => !equal(one.params[name]!, same.params[name]!))).toEqual([]);
      expect(namesOf(all(one)).some((name) => !equal(all(one)[name]!, all(other)[name]!))).toBe(true);
      const created = Object.values(one.params).reduce((sum, { data }) => sum + data.length, 0);
      const rows = d.summary(input, classes);
      expect(rows.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(created);
    });

    test('returns raw logits, one or a map of them per sample', (d) => {
      const own = variables(d);
      const { logits } = applied(d, own, samples()).outputs;
      expect(logits.shape[0]).toBe(BATCH);
      expect(logits.shape.length).toBeGreaterThan(1);
      const far = applied(d, own, tf.mul(samples(), 1e3)).outputs.logits;
      expect(largest(far)).toBeGreaterThan(1); // a sigmoid would stay within 0 and 1
      expect(finite(far)).toBe(true);
    });

    test('treats each sample independently in inference', (d) => {
      const own = variables(d);
      const all = applied(d, own, samples()).outputs.logits;
      const alone = d.conditional
        ? d.apply(own, tf.slice(samples(), 1, 1), contextOf(false), tf.slice(condition(), 1, 1))
        : applied(d, own, tf.slice(samples(), 1, 1));
      expect(largest(tf.sub(tf.slice(all, 1, 1), alone.outputs.logits))).toBeLessThan(1e-4);
    });

    test('changes statistics in training only', (d) => {
      const own = variables(d);
      expect(Object.keys(applied(d, own, samples(), false).stats)).toEqual([]);
      const { stats } = applied(d, own, samples(), true);
      expect(namesOf(stats)).toEqual(namesOf(own.stats));
      for (const name of namesOf(stats)) expect(stats[name]!.shape).toEqual(own.stats[name]!.shape);
    });

    test('has gradients for every parameter and the input, which agree with finite differences', (d) => {
      const own = variables(d);
      const leaves = { ...mapTree(own.params, (leaf) => leaf), 'the samples': samples() };
      const value = (tree: Tree): Scalar => {
        const { 'the samples': x, ...params } = tree;
        const { logits, classes: named } = applied(d, { params, stats: own.stats }, x!, true).outputs;
        const weighted = tf.sum(tf.mul(logits, gaussian(SEED, 'weights', logits.shape)));
        return (named === undefined ? weighted : tf.add(weighted, tf.sum(tf.square(named)))) as Scalar;
      };
      const { grads } = valueAndGradients((tree) => ({ loss: value(tree) }), leaves);
      expect(namesOf(grads).filter((name) => !(largest(grads[name]!) > 0))).toEqual([]);
      const numeric = (tree: Tree): number => value(tree).dataSync()[0]!;
      // Statistics such as spectral norms are constants to the gradient: finite differences would not agree.
      if (Object.keys(own.stats).length === 0) expect(wrongGradients(numeric, leaves, grads)).toEqual([]);
    });

    if (twiceDifferentiable) {
      test('can be differentiated twice', (d) => {
        const own = variables(d);
        const { grads } = valueAndGradients((params) => {
          const score = (x: Tensor): Scalar =>
            tf.sum<Scalar>(tf.tanh(applied(d, { params, stats: own.stats }, x, true).outputs.logits));
          return { loss: tf.sum<Scalar>(tf.square(gradientAt(score, samples()))) };
        }, own.params);
        expect(namesOf(grads).every((name) => finite(grads[name]!))).toBe(true);
        expect(namesOf(grads).some((name) => largest(grads[name]!) > 0)).toBe(true);
      });
    }

    test('can be recorded as a graph', (d) => {
      const own = variables(d);
      const [x, probabilities] = [samples(), condition()];
      const found = untraceableIn(() =>
        valueAndGradients((params) => {
          const at = { params, stats: own.stats };
          const { logits } = (
            d.conditional ? d.apply(at, x, contextOf(true), probabilities) : d.apply(at, x, contextOf(true))
          ).outputs;
          return { loss: tf.sum<Scalar>(logits) };
        }, own.params),
      );
      expect(found).toEqual([]);
    });
  });
}
