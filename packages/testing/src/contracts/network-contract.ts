import {
  classification,
  mapTree,
  namesOf,
  Rng,
  sizeOf,
  valueAndGradients,
  type ClassifierOutputs,
  type Context,
  type HostTensor,
  type Network,
  type Task,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { equal } from '../harness/compare.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { contextOf, finite, gaussian, largest, toTensor } from '../harness/tensors.js';

/** Options of `networkContract`. */
export interface NetworkContractOptions {
  /** [H, W, C] of the test images; small ones keep the suite fast. */
  readonly input: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /** What its logits are for; classification by default. */
  readonly task?: Task;
  /** Outputs that `apply` must return beside logits and features; not checked by default. */
  readonly taps?: readonly string[];
  /** A registered tfjs backend; `cpu` by default. */
  readonly backend?: string;
}

const BATCH = 3;

/** The first numbers of a tensor: enough to tell two draws apart. */
const start = (tree: Tree<HostTensor>, name: string): number[] => [...tree[name]!.data.slice(0, 64)];

/**
 * Contract of a model: seeded init; variables as many as the summary counts; shapes of logits, features and taps;
 * `context.activation` is called for features and taps, and its result is used; statistics change in training only;
 * the samples of a batch are independent in inference; every parameter has a gradient.
 *
 * `create` is called for every test. The tfjs backend must be registered by the caller.
 */
export function networkContract(
  { describe, it, expect }: ContractRunner,
  create: () => Network<ClassifierOutputs>,
  { input, classes, task = classification, taps, backend = 'cpu' }: NetworkContractOptions,
): void {
  const logitsShape = task.outputs({ input, classes });
  const images = (): tf.Tensor => gaussian(2, 'images', [BATCH, ...input]);
  /** New variables plus small random numbers: biases at zero would hide mistakes. */
  const variables = (network: Network<ClassifierOutputs>): Variables => {
    const { params, stats } = network.init(Rng.fromSeed(1), input);
    const rng = Rng.fromSeed(3);
    const perturbed = (host: HostTensor, name: string): tf.Tensor => {
      const own = rng.split(name);
      return toTensor({
        ...host,
        data: Float32Array.from(host.data, (value) => value + 0.05 * own.uniform()),
      });
    };
    return { params: mapTree(params, perturbed), stats: mapTree(stats, perturbed) };
  };
  const test = (name: string, body: (network: Network<ClassifierOutputs>) => void): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() => {
        body(create());
      });
    });

  describe(`network contract at ${input.join('×')}, ${classes} classes`, () => {
    test('init is the same for a seed and differs between seeds and tensors', (network) => {
      const [one, same, other] = [1, 1, 2].map((seed) => network.init(Rng.fromSeed(seed), input));
      for (const part of ['params', 'stats'] as const) {
        expect(namesOf(same![part])).toEqual(namesOf(one![part]));
        const differing = namesOf(one![part]).filter((name) => !equal(one![part][name]!, same![part][name]!));
        expect(differing).toEqual([]);
      }
      const drawn = namesOf(one!.params).filter((name) => new Set(start(one!.params, name)).size > 1);
      expect(drawn.length).toBeGreaterThan(0);
      expect(new Set(drawn.map((name) => start(one!.params, name).join())).size).toBe(drawn.length);
      for (const name of drawn) {
        expect(start(other!.params, name).join() === start(one!.params, name).join()).toBe(false);
      }
    });

    test('init creates as many parameters as the summary counts', (network) => {
      const { params } = network.init(Rng.fromSeed(1), input);
      const created = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
      const rows = network.summary(input);
      expect(rows.reduce((sum, row) => sum + row.parameters, 0)).toBe(created);
      expect(rows.reduce((sum, row) => sum + row.flops, 0)).toBeGreaterThan(0);
      expect([...rows.at(-1)!.output]).toEqual([...logitsShape]);
    });

    test('apply returns logits, features of their rank and the taps, and passes them to context.activation', (network) => {
      const activations: string[] = [];
      const { outputs } = network.apply(variables(network), images(), contextOf(false, activations));
      expect(outputs.logits.shape).toEqual([BATCH, ...logitsShape]);
      expect(outputs.features.shape.length).toBe(outputs.logits.shape.length);
      expect(outputs.features.shape[0]).toBe(BATCH);
      expect(Object.values(outputs).every(finite)).toBe(true);
      expect(activations).toContain('features');
      const named = Object.keys(outputs).filter((name) => name !== 'logits');
      expect([...activations].sort()).toEqual([...named].sort());
      for (const tap of taps ?? []) expect(activations).toContain(tap);
    });

    test('apply uses the features that context.activation returns', (network) => {
      const own = variables(network);
      const zeros: Context = {
        ...contextOf(false),
        activation: (name, x) => (name === 'features' ? tf.zerosLike(x) : x),
      };
      const { logits, features } = network.apply(own, images(), zeros).outputs;
      expect(largest(features)).toBe(0);
      expect(largest(tf.sub(logits, tf.slice(logits, 0, 1)))).toBe(0); // the same for all images
    });

    test('inference changes no statistics and treats each image independently', (network) => {
      const own = variables(network);
      const x = images();
      const { outputs, stats } = network.apply(own, x, contextOf(false));
      expect(Object.keys(stats)).toEqual([]);
      const one = network.apply(own, tf.slice(x, 1, 1), contextOf(false)).outputs;
      for (const name of Object.keys(outputs)) {
        const difference = largest(tf.sub(tf.slice(outputs[name]!, 1, 1), one[name]!));
        expect(difference / (largest(one[name]!) || 1)).toBeLessThan(1e-4);
      }
    });

    test('training updates all statistics, and every parameter has a gradient', (network) => {
      const own = variables(network);
      const x = images();
      const rng = Rng.fromSeed(4);
      const weights = tf.tensor(
        Float32Array.from({ length: BATCH * sizeOf(logitsShape) }, () => rng.normal()),
        [BATCH, ...logitsShape],
      );
      let updated: Tree = {};
      const { grads } = valueAndGradients((params) => {
        const { outputs, stats } = network.apply({ params, stats: own.stats }, x, contextOf(true));
        updated = mapTree(stats, (leaf) => tf.keep(leaf));
        return { loss: tf.sum<tf.Scalar>(tf.mul(outputs.logits, weights)) };
      }, own.params);
      expect(namesOf(updated)).toEqual(namesOf(own.stats));
      for (const name of namesOf(updated)) {
        expect(updated[name]!.shape).toEqual(own.stats[name]!.shape);
        expect(finite(updated[name]!)).toBe(true);
        updated[name]!.dispose();
      }
      const without = namesOf(grads).filter((name) => !finite(grads[name]!) || largest(grads[name]!) === 0);
      expect(without).toEqual([]);
    });
  });
}
