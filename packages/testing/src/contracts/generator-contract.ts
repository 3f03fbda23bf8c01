import '@tensorflow/tfjs-backend-cpu';
import {
  mapTree,
  namesOf,
  Rng,
  valueAndGradients,
  type Generator,
  type HostTensor,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { differing } from '../harness/compare.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { wrongGradients } from '../harness/finite-differences.js';
import { setBackend } from '../harness/set-backend.js';
import { contextOf, finite, gaussian, largest, toTensor } from '../harness/tensors.js';
import { suiteOf, type Check } from '../harness/suite.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';

/** Options of `generatorContract`. */
export interface GeneratorContractOptions {
  /** [H, W, C] of the images that it was created for; [6, 6, 1] by default. */
  readonly image?: readonly number[];
  /** Whether its pixels stay within 0..255 whatever its weights are; true by default. */
  readonly bounded?: boolean;
  /** Whether it has parameters; true by default. */
  readonly trained?: boolean;
}

const BATCH = 5;

/**
 * Contract of a generator: images of the declared shape, finite and, where it is declared, within the range of bytes;
 * different noise gives different images; the same seed gives the same weights; gradients for every parameter that agree
 * with finite differences; and no operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test.
 */
export function generatorContract(
  runner: ContractRunner,
  create: () => Generator,
  { image = [6, 6, 1], bounded = true, trained = true }: GeneratorContractOptions = {},
): void {
  const { describe, it } = suiteOf(runner, 'the generator');
  const variables = (generator: Generator, seed = 1): Variables<HostTensor> =>
    generator.init(Rng.fromSeed(seed), [generator.noise]);
  const tensors = ({ params, stats }: Variables<HostTensor>): Variables => ({
    params: mapTree(params, toTensor),
    stats: mapTree(stats, toTensor),
  });
  const noise = (generator: Generator, name = 'z') => gaussian(4, name, [BATCH, generator.noise]);
  const made = (generator: Generator, own: Variables, z: Tensor): Tensor =>
    generator.apply(own, z, contextOf(true)).outputs.images;
  const test = (name: string, hint: string, body: (generator: Generator, check: Check) => void): void =>
    it(name, hint, async (check) => {
      await setBackend();
      tf.tidy(() => body(create(), check));
    });

  describe('generator contract', () => {
    test('has a name and a width of its noise', 'set name and noise.', (generator, check) => {
      check.that(generator.name.length > 0, 'has no name', { expected: 'a text', received: generator.name });
      check.that(Number.isInteger(generator.noise) && generator.noise > 0, 'has no width of its noise', {
        expected: 'an integer above 0',
        received: generator.noise,
      });
    });

    const ranged = 'scale the output to bytes, or declare bounded: false.';
    test('makes images of its shape, within the range that it declares', ranged, (generator, check) => {
      const own = tensors(variables(generator));
      const images = made(generator, own, noise(generator));
      check.equal(images.shape, [BATCH, ...image], 'makes images of another shape');
      check.that(finite(images), 'makes images that are not finite', {
        expected: 'finite pixels',
        received: 'others',
      });
      if (!bounded) return;
      const wide = { params: mapTree(own.params, (x) => tf.mul(x, 50)), stats: own.stats };
      const far = largest(tf.sub(made(generator, wide, tf.mul(noise(generator), 50)), 127.5));
      check.that(far < 127.51, 'leaves the range of bytes', {
        expected: 'pixels in 0..255 for any weights',
        received: `one that is ${far} from the middle`,
      });
    });

    test('makes other images of other noise', 'use the noise.', (generator, check) => {
      const own = tensors(variables(generator));
      const [one, other] = ['z', 'other'].map((name) => made(generator, own, noise(generator, name)));
      const difference = largest(tf.sub(one!, other!));
      check.that(difference > 1, 'makes the same images of other noise', {
        expected: 'a pixel that differs by more than 1',
        received: difference,
      });
    });

    const seeded = 'draw all weights from the rng of init, and count them in summary.';
    it('has the same weights for the same seed, and a summary that counts them', seeded, (check) => {
      const generator = create();
      const { params } = variables(generator);
      check.none(
        differing(params, variables(create()).params),
        'has other weights for the same seed',
        'the same',
      );
      const counted = generator.summary([generator.noise]).reduce((sum, row) => sum + row.parameters, 0);
      const stored = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
      check.equal(counted, stored, 'counts other parameters than it has');
      if (!trained) return;
      check.that(
        differing(params, variables(generator, 2).params).length > 0,
        'has the same weights for any seed',
        {
          expected: 'other weights',
          received: 'the same',
        },
      );
    });

    if (!trained) return;

    const differentiable = 'compose it of differentiable operations.';
    test('has gradients that agree with finite differences', differentiable, (generator, check) => {
      const own = tensors(variables(generator));
      const [z, target] = [noise(generator), gaussian(5, 'target', [BATCH, ...image])];
      const value = (params: Tree): Scalar => {
        const images = made(generator, { params, stats: own.stats }, z);
        return tf.mean<Scalar>(tf.mul(tf.div(images, 64), target));
      };
      const { grads } = valueAndGradients((params) => ({ loss: value(params) }), own.params);
      check.equal(namesOf(grads), namesOf(own.params), 'has gradients of other parameters');
      check.that(
        namesOf(grads).some((name) => largest(grads[name]!) > 0),
        'has no gradient',
        {
          expected: 'gradients that are not zero',
          received: 'zeros',
        },
      );
      check.none(
        wrongGradients((params) => value(params).dataSync()[0]!, own.params, grads),
        'has wrong gradients',
        'gradients that agree with finite differences',
      );
    });

    test('can be recorded as a graph', RECORDABLE_HINT, (generator, check) => {
      const own = tensors(variables(generator));
      const z = noise(generator);
      const given = [z, ...Object.values(own.params), ...Object.values(own.stats)];
      const found = untraceableIn(
        () =>
          valueAndGradients(
            (params) => ({ loss: tf.mean<Scalar>(made(generator, { params, stats: own.stats }, z)) }),
            own.params,
          ),
        given,
      );
      check.none(found, 'cannot be recorded as a graph', 'operations of tfjs-core on tensors');
    });
  });
}
