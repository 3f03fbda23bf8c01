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
import { wrongDirection } from '../harness/finite-differences.js';
import { setBackend } from '../harness/set-backend.js';
import { suiteOf, type Check } from '../harness/suite.js';
import { contextOf, finite, gaussian, largest, toTensor } from '../harness/tensors.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';

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
  /** Whether gradients are checked; false where they come from a straight-through estimator. Default: true. */
  readonly finiteDifferences?: boolean;
  /** A registered tfjs backend; `cpu` by default. */
  readonly backend?: string;
}

const BATCH = 3;

/** The first numbers of a tensor: enough to tell two draws apart. */
const start = (tree: Tree<HostTensor>, name: string): number[] => [...tree[name]!.data.slice(0, 64)];

/**
 * Contract of a model: seeded init; variables as many as the summary counts; shapes of logits, features and taps;
 * `context.activation` is called for features and taps, and its result is used; statistics change in training only;
 * the samples of a batch are independent in inference; every parameter has a gradient, which agrees with finite
 * differences; and no operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test. The tfjs backend must be registered by the caller.
 */
export function networkContract(
  runner: ContractRunner,
  create: () => Network<ClassifierOutputs>,
  options: NetworkContractOptions,
): void {
  const { input, classes, task = classification, taps, finiteDifferences = true, backend = 'cpu' } = options;
  const logitsShape = task.outputs({ input, classes });
  const images = (): tf.Tensor => gaussian(2, 'images', [BATCH, ...input]);
  /** New variables plus small random numbers: biases at zero would hide mistakes. */
  const variables = (network: Network<ClassifierOutputs>): Variables => {
    const { params, stats } = network.init(Rng.fromSeed(1), input);
    const rng = Rng.fromSeed(3);
    const perturbed = (host: HostTensor, name: string): tf.Tensor => {
      const own = rng.split(name);
      const data = new Float32Array(host.data); // then in a loop: `from` with a function takes several times as long
      for (let i = 0; i < data.length; i++) data[i]! += 0.05 * own.uniform();
      return toTensor({ ...host, data });
    };
    return { params: mapTree(params, perturbed), stats: mapTree(stats, perturbed) };
  };
  const { describe, it } = suiteOf(runner, 'the network');
  const test = (
    name: string,
    hint: string,
    body: (network: Network<ClassifierOutputs>, check: Check) => void,
  ): void =>
    it(name, hint, async (check) => {
      await setBackend(backend);
      tf.tidy(() => {
        body(create(), check);
      });
    });

  describe(`network contract at ${input.join('×')}, ${classes} classes`, () => {
    const seeded = 'draw every tensor from rng.split(its name), and nothing from elsewhere.';
    test('init is the same for a seed and differs between seeds and tensors', seeded, (network, check) => {
      const [one, same, other] = [1, 1, 2].map((seed) => network.init(Rng.fromSeed(seed), input));
      for (const part of ['params', 'stats'] as const) {
        check.equal(namesOf(same![part]), namesOf(one![part]), `has other ${part} each time`);
        const differing = namesOf(one![part]).filter((name) => !equal(one![part][name]!, same![part][name]!));
        check.none(differing, `has other ${part} each time`, 'the same numbers for the same seed');
      }
      const drawn = namesOf(one!.params).filter((name) => new Set(start(one!.params, name)).size > 1);
      check.that(drawn.length > 0, 'draws no parameter', {
        expected: 'random weights',
        received: 'constants',
      });
      const distinct = new Set(drawn.map((name) => start(one!.params, name).join())).size;
      check.that(distinct === drawn.length, 'draws the same numbers for several tensors', {
        expected: `${drawn.length} different tensors`,
        received: `${distinct} of ${drawn.join(', ')}`,
      });
      const still = drawn.filter(
        (name) => start(other!.params, name).join() === start(one!.params, name).join(),
      );
      check.none(still, 'ignores the seed', 'other numbers for another seed');
    });

    const counted =
      'list in summary every layer that has parameters, with its FLOPs and the shape of its output.';
    test('init creates as many parameters as the summary counts', counted, (network, check) => {
      const { params } = network.init(Rng.fromSeed(1), input);
      const created = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
      const rows = network.summary(input);
      const listed = rows.reduce((sum, row) => sum + row.parameters, 0);
      check.equal(listed, created, 'has a summary that does not count the parameters of init');
      const flops = rows.reduce((sum, row) => sum + row.flops, 0);
      check.that(flops > 0, 'has a summary without FLOPs', { expected: 'more than 0', received: flops });
      check.equal(rows.at(-1)?.output, logitsShape, 'has a summary that does not end with its logits');
    });

    const returned =
      'return { logits, features, …taps }, each but the logits as context.activation(name, x) returned it, and finite.';
    test(
      'apply returns logits, features of their rank and the taps, and passes them to context.activation',
      returned,
      (network, check) => {
        const activations: string[] = [];
        const { outputs } = network.apply(variables(network), images(), contextOf(false, activations));
        for (const name of ['logits', 'features'])
          check.that(outputs[name] instanceof tf.Tensor, `returns no ${name}`, {
            expected: 'a tensor',
            received: typeof outputs[name],
          });
        check.equal(outputs.logits.shape, [BATCH, ...logitsShape], 'returns logits of another shape');
        const [features, rank] = [outputs.features.shape, outputs.logits.shape.length];
        check.that(features.length === rank && features[0] === BATCH, 'returns features of another shape', {
          expected: `${rank} axes, the first one of ${BATCH}`,
          received: features,
        });
        const infinite = Object.keys(outputs).filter((name) => !finite(outputs[name]!));
        check.none(infinite, 'returns outputs that are not finite', 'finite numbers for ordinary images');
        const named = Object.keys(outputs).filter((name) => name !== 'logits');
        check.equal(
          [...activations].sort(),
          named.sort(),
          'passes other outputs to context.activation than it returns',
        );
        const missing = (taps ?? []).filter((tap) => !named.includes(tap));
        check.none(missing, 'does not return a tap', `outputs with the taps ${(taps ?? []).join(', ')}`);
      },
    );

    const used =
      'go on with what context.activation returns: a quantized network replaces activations there.';
    test('apply uses the features that context.activation returns', used, (network, check) => {
      const own = variables(network);
      const zeros: Context = {
        ...contextOf(false),
        activation: (name, x) => (name === 'features' ? tf.zerosLike(x) : x),
      };
      const { logits, features } = network.apply(own, images(), zeros).outputs;
      check.equal(largest(features), 0, 'returns other features than context.activation');
      const spread = largest(tf.sub(logits, tf.slice(logits, 0, 1)));
      check.equal(spread, 0, 'computes its logits from other features than context.activation returns');
    });

    const alone =
      'use running statistics in inference, return stats: {} there, and use no other image of the batch.';
    test('inference changes no statistics and treats each image independently', alone, (network, check) => {
      const own = variables(network);
      const x = images();
      const { outputs, stats } = network.apply(own, x, contextOf(false));
      check.none(Object.keys(stats), 'changes statistics in inference', 'stats: {} in inference');
      const one = network.apply(own, tf.slice(x, 1, 1), contextOf(false)).outputs;
      for (const name of Object.keys(outputs)) {
        const difference = largest(tf.sub(tf.slice(outputs[name]!, 1, 1), one[name]!));
        const relative = difference / (largest(one[name]!) || 1);
        check.that(relative < 1e-4, `gives an image other ${name} when other images are in its batch`, {
          expected: 'the same numbers, to 1e-4',
          received: `a relative difference of ${relative}`,
        });
      }
    });

    const trained =
      'return all statistics of init in training, use every parameter, and compose differentiable operations.';
    test('training updates all statistics, and every parameter has a gradient', trained, (network, check) => {
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
      check.equal(namesOf(updated), namesOf(own.stats), 'returns other statistics than it has');
      for (const name of namesOf(updated)) {
        check.equal(updated[name]!.shape, own.stats[name]!.shape, `changes the shape of "${name}"`);
        check.that(finite(updated[name]!), `has a statistic "${name}" that is not finite`, {
          expected: 'finite numbers',
          received: largest(updated[name]!),
        });
        updated[name]!.dispose();
      }
      const without = namesOf(grads).filter((name) => !finite(grads[name]!) || largest(grads[name]!) === 0);
      check.none(without, 'has parameters without a gradient', 'a finite gradient of every parameter');
    });

    const composed =
      'compose differentiable operations; declare finiteDifferences: false where a gradient is estimated.';
    if (finiteDifferences) {
      test('has gradients that agree with finite differences', composed, (network, check) => {
        const own = variables(network);
        const x = images();
        const weights = gaussian(4, 'weights', [BATCH, ...logitsShape]);
        const loss = (params: Tree): tf.Scalar => {
          const { outputs } = network.apply({ params, stats: own.stats }, x, contextOf(true));
          return tf.sum<tf.Scalar>(tf.mul(outputs.logits, weights));
        };
        const { grads } = valueAndGradients((params) => ({ loss: loss(params) }), own.params);
        const wrong = wrongDirection((params) => loss(params).dataSync()[0]!, own.params, grads);
        check.none(wrong, 'has wrong gradients', 'gradients that agree with finite differences');
      });
    }

    test('can be recorded as a graph', RECORDABLE_HINT, (network, check) => {
      const own = variables(network);
      const x = images();
      const given = [x, ...Object.values(own.params), ...Object.values(own.stats)];
      const found = untraceableIn(() => network.apply(own, x, contextOf(true)), given);
      check.none(found, 'cannot be recorded as a graph', 'operations of tfjs-core on tensors');
    });
  });
}
