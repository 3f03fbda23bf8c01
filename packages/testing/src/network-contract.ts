import {
  drawNoise,
  mapTree,
  namesOf,
  Rng,
  valueAndGradients,
  type ClassifierOutputs,
  type Context,
  type HostTensor,
  type Network,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

/** What the suite needs of a test runner; vitest's and jest's globals fit. */
export interface NetworkContractRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void | Promise<void>): void;
  expect(value: unknown): {
    toBe(expected: unknown): void;
    toEqual(expected: unknown): void;
    toBeLessThan(limit: number): void;
    toBeGreaterThan(limit: number): void;
    toContain(part: unknown): void;
  };
}

export interface NetworkContractOptions {
  /** [H, W, C] of the images to try; small ones keep the suite quick. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
  /** The outputs beside logits and features that `apply` must give; not checked where left out. */
  readonly taps?: readonly string[];
  /** A tfjs backend that is registered. */
  readonly backend?: string;
}

const BATCH = 3;

function contextOf(training: boolean, seen: string[] = []): Context {
  return {
    training,
    noise: (name, shape, law) =>
      tf.tensor(drawNoise({ name, shape, distribution: law }, 1, 0).data, [...shape] as [number], 'float32'),
    activation(name, x) {
      seen.push(name);
      return x;
    },
  };
}

const device = ({ data, shape }: HostTensor): tf.Tensor =>
  tf.tensor(data instanceof Uint8Array ? Float32Array.from(data) : data, [...shape] as [number]);

const largest = (x: tf.Tensor): number => tf.max(tf.abs(x)).dataSync()[0]!;

/** Every number finite; a NaN fails both comparisons. */
const finite = (x: tf.Tensor): boolean => largest(x) < Number.MAX_VALUE;

/** The first numbers of a tensor: enough to tell two draws apart. */
const start = (tree: Tree<HostTensor>, name: string): number[] => [...tree[name]!.data.slice(0, 64)];

const equal = (a: HostTensor, b: HostTensor): boolean =>
  a.data.length === b.data.length && a.data.every((value, i) => value === b.data[i]);

/**
 * A classifier proves itself: seeded init, variables that match the summary, shapes of logits, features and
 * taps, an `activation` call for the features that is gone on with, statistics that change in training alone,
 * independence of the samples of a batch in inference, and a gradient for every parameter.
 *
 * `create` is called anew for every test. A tfjs backend must be registered by the caller.
 */
export function networkContract(
  { describe, it, expect }: NetworkContractRunner,
  create: () => Network<ClassifierOutputs>,
  { input, classes, taps, backend = 'cpu' }: NetworkContractOptions,
): void {
  const images = (): tf.Tensor => {
    const rng = Rng.fromSeed(2).split('images');
    const size = BATCH * input[0] * input[1] * input[2];
    return tf.tensor(
      Float32Array.from({ length: size }, () => rng.normal()),
      [BATCH, ...input],
    );
  };
  /** Fresh variables, off their starting points: biases at zero hide mistakes. */
  const variables = (network: Network<ClassifierOutputs>): Variables => {
    const { params, stats } = network.init(Rng.fromSeed(1), input);
    const rng = Rng.fromSeed(3);
    const moved = (host: HostTensor, name: string): tf.Tensor => {
      const own = rng.split(name);
      return device({ ...host, data: Float32Array.from(host.data, (value) => value + 0.05 * own.uniform()) });
    };
    return { params: mapTree(params, moved), stats: mapTree(stats, moved) };
  };
  const within = (name: string, body: (network: Network<ClassifierOutputs>) => void): void =>
    it(name, async () => {
      await tf.setBackend(backend);
      tf.tidy(() => {
        body(create());
      });
    });

  describe(`network contract at ${input.join('×')}, ${classes} classes`, () => {
    within('init repeats by seed, and no two tensors of one seed are alike', (network) => {
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

    within('init makes as many parameters as the summary counts', (network) => {
      const { params } = network.init(Rng.fromSeed(1), input);
      const made = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
      const rows = network.summary(input);
      expect(rows.reduce((sum, row) => sum + row.parameters, 0)).toBe(made);
      expect(rows.reduce((sum, row) => sum + row.flops, 0)).toBeGreaterThan(0);
      expect(rows.at(-1)!.output).toEqual([classes]);
    });

    within('apply gives logits, flat features and the taps, through context.activation', (network) => {
      const seen: string[] = [];
      const { outputs } = network.apply(variables(network), images(), contextOf(false, seen));
      expect(outputs.logits.shape).toEqual([BATCH, classes]);
      expect(outputs.features.shape.length).toBe(2);
      expect(outputs.features.shape[0]).toBe(BATCH);
      expect(Object.values(outputs).every(finite)).toBe(true);
      expect(seen).toContain('features');
      const named = Object.keys(outputs).filter((name) => name !== 'logits');
      expect([...seen].sort()).toEqual([...named].sort());
      for (const tap of taps ?? []) expect(seen).toContain(tap);
    });

    within('goes on with the features that the context returns', (network) => {
      const own = variables(network);
      const zeros: Context = {
        ...contextOf(false),
        activation: (name, x) => (name === 'features' ? tf.zerosLike(x) : x),
      };
      const { logits, features } = network.apply(own, images(), zeros).outputs;
      expect(largest(features)).toBe(0);
      expect(largest(tf.sub(logits, tf.slice(logits, [0, 0], [1, classes])))).toBe(0); // the same for all images
    });

    within('inference changes no statistics and sees each image alone', (network) => {
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

    within('training changes all statistics, and every parameter has a gradient', (network) => {
      const own = variables(network);
      const x = images();
      const rng = Rng.fromSeed(4);
      const weights = tf.tensor(
        Float32Array.from({ length: BATCH * classes }, () => rng.normal()),
        [BATCH, classes],
      );
      let changed: Tree = {};
      const { grads } = valueAndGradients((params) => {
        const { outputs, stats } = network.apply({ params, stats: own.stats }, x, contextOf(true));
        changed = mapTree(stats, (leaf) => tf.keep(leaf));
        return { loss: tf.sum<tf.Scalar>(tf.mul(outputs.logits, weights)) };
      }, own.params);
      expect(namesOf(changed)).toEqual(namesOf(own.stats));
      for (const name of namesOf(changed)) {
        expect(changed[name]!.shape).toEqual(own.stats[name]!.shape);
        expect(finite(changed[name]!)).toBe(true);
        changed[name]!.dispose();
      }
      const without = namesOf(grads).filter((name) => !finite(grads[name]!) || largest(grads[name]!) === 0);
      expect(without).toEqual([]);
    });
  });
}
