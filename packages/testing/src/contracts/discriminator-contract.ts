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
import { suiteOf, type Check } from '../harness/suite.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { contextOf, finite, gaussian, largest, toTensor } from '../harness/tensors.js';
import { setBackend } from '../harness/set-backend.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';

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
  runner: ContractRunner,
  create: () => Discriminator,
  options: DiscriminatorContractOptions = {},
): void {
  const { input = [6], classes = 3, twiceDifferentiable = true, backend = 'cpu' } = options;
  const { describe, it } = suiteOf(runner, 'the discriminator');
  const test = (name: string, hint: string, body: (d: Discriminator, check: Check) => void): void =>
    it(name, hint, async (check) => {
      await setBackend(backend);
      tf.tidy(() => body(create(), check));
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
    const counted =
      'draw everything in init from rng, and list a row of summary for every layer with parameters.';
    test(
      'init is the same for a seed and creates as many parameters as the summary counts',
      counted,
      (d, check) => {
        const [one, same, other] = [initial(d), initial(d), initial(d, 2)];
        const all = (v: Variables<HostTensor>): Tree<HostTensor> =>
          mergeTrees(
            mapTree(v.params, (leaf) => leaf),
            mapTree(v.stats, (leaf) => leaf),
          );
        const changed = namesOf(one.params).filter((name) => !equal(one.params[name]!, same.params[name]!));
        check.none(changed, 'has other parameters each time', 'the same numbers for the same seed');
        const differs = namesOf(all(one)).some((name) => !equal(all(one)[name]!, all(other)[name]!));
        check.that(differs, 'ignores the seed', {
          expected: 'other parameters for another seed',
          received: 'the same ones',
        });
        const created = Object.values(one.params).reduce((sum, { data }) => sum + data.length, 0);
        const rows = d.summary(input, classes);
        const listed = rows.reduce((sum, { parameters }) => sum + parameters, 0);
        check.equal(listed, created, 'has a summary that does not count the parameters of init');
      },
    );

    const raw =
      'end with a layer without activation: the loss applies the sigmoid. Keep the batch axis and one more.';
    test('returns raw logits, one or a map of them per sample', raw, (d, check) => {
      const own = variables(d);
      const { logits } = applied(d, own, samples()).outputs;
      check.that(
        logits instanceof tf.Tensor && logits.shape.length > 1 && logits.shape[0] === BATCH,
        'returns logits of another shape',
        {
          expected: `outputs.logits of shape [${BATCH}, …] for ${BATCH} samples`,
          received: logits instanceof tf.Tensor ? logits.shape : typeof logits,
        },
      );
      const far = applied(d, own, tf.mul(samples(), 1e3)).outputs.logits;
      check.that(finite(logits) && finite(far), 'returns logits that are not finite', {
        expected: 'finite logits, also for samples that are a thousand times as large',
        received: String(largest(finite(logits) ? far : logits)),
      });
      check.that(largest(far) > 1, 'returns probabilities', {
        expected: 'raw logits, which go beyond 1 for samples that are a thousand times as large',
        received: `at most ${largest(far)}`,
      });
    });

    const alone = 'use no statistics of the batch in inference, and not its size.';
    test('treats each sample independently in inference', alone, (d, check) => {
      const own = variables(d);
      const all = applied(d, own, samples()).outputs.logits;
      const single = d.conditional
        ? d.apply(own, tf.slice(samples(), 1, 1), contextOf(false), tf.slice(condition(), 1, 1))
        : applied(d, own, tf.slice(samples(), 1, 1));
      const difference = largest(tf.sub(tf.slice(all, 1, 1), single.outputs.logits));
      check.that(difference < 1e-4, 'gives a sample other logits when other samples are in its batch', {
        expected: 'the same logits, to 1e-4',
        received: `a difference of ${difference}`,
      });
    });

    const updated =
      'return from apply all statistics of init where context.training is true, and none otherwise.';
    test('changes statistics in training only', updated, (d, check) => {
      const own = variables(d);
      const changed = Object.keys(applied(d, own, samples(), false).stats);
      check.none(changed, 'changes statistics in inference', 'stats: {} in inference');
      const { stats } = applied(d, own, samples(), true);
      check.equal(namesOf(stats), namesOf(own.stats), 'returns other statistics than it has');
      for (const name of namesOf(stats))
        check.equal(stats[name]!.shape, own.stats[name]!.shape, `changes the shape of "${name}"`);
    });

    const differentiable = 'compose differentiable operations, use every parameter, and avoid tf.customGrad.';
    test(
      'has gradients for every parameter and the input, which agree with finite differences',
      differentiable,
      (d, check) => {
        const own = variables(d);
        const leaves = { ...mapTree(own.params, (leaf) => leaf), 'the samples': samples() };
        const value = (tree: Tree): Scalar => {
          const { 'the samples': x, ...params } = tree;
          const { logits, classes: named } = applied(d, { params, stats: own.stats }, x!, true).outputs;
          const weighted = tf.sum(tf.mul(logits, gaussian(SEED, 'weights', logits.shape)));
          return (named === undefined ? weighted : tf.add(weighted, tf.sum(tf.square(named)))) as Scalar;
        };
        const { grads } = valueAndGradients((tree) => ({ loss: value(tree) }), leaves);
        const without = namesOf(grads).filter((name) => !(largest(grads[name]!) > 0));
        check.none(
          without,
          'has parameters without a gradient',
          'a gradient of every parameter and of the samples',
        );
        const numeric = (tree: Tree): number => value(tree).dataSync()[0]!;
        // Statistics such as spectral norms are constants to the gradient: finite differences would not agree.
        if (Object.keys(own.stats).length > 0) return;
        const wrong = wrongGradients(numeric, leaves, grads);
        check.none(wrong, 'has wrong gradients', 'gradients that agree with finite differences');
      },
    );

    if (twiceDifferentiable) {
      const twice =
        'use operations whose gradients are made of operations; else declare twiceDifferentiable: false.';
      test('can be differentiated twice', twice, (d, check) => {
        const own = variables(d);
        const { grads } = valueAndGradients((params) => {
          const score = (x: Tensor): Scalar =>
            tf.sum<Scalar>(tf.tanh(applied(d, { params, stats: own.stats }, x, true).outputs.logits));
          return { loss: tf.sum<Scalar>(tf.square(gradientAt(score, samples()))) };
        }, own.params);
        const infinite = namesOf(grads).filter((name) => !finite(grads[name]!));
        check.none(infinite, 'has second derivatives that are not finite', 'finite numbers');
        check.that(
          namesOf(grads).some((name) => largest(grads[name]!) > 0),
          'has no second derivative',
          {
            expected: 'a gradient of the squared gradient, for some parameter',
            received: 'zeros',
          },
        );
      });
    }

    test('can be recorded as a graph', RECORDABLE_HINT, (d, check) => {
      const own = variables(d);
      const [x, probabilities] = [samples(), condition()];
      const given = [x, probabilities, ...Object.values(own.params), ...Object.values(own.stats)];
      const found = untraceableIn(() => {
        valueAndGradients((params) => {
          const at = { params, stats: own.stats };
          const { logits } = (
            d.conditional ? d.apply(at, x, contextOf(true), probabilities) : d.apply(at, x, contextOf(true))
          ).outputs;
          return { loss: tf.sum<Scalar>(logits) };
        }, own.params);
      }, given);
      check.none(found, 'cannot be recorded as a graph', 'operations of tfjs-core on tensors');
    });
  });
}
