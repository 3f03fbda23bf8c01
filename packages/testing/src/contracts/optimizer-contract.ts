import {
  EagerBackend,
  mapTree,
  namesOf,
  optimizerOf,
  prefixTree,
  specOf,
  subtree,
  type Backend,
  type GradientTransform,
  type HostTensor,
  type Step,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { differing, relativeError } from '../harness/compare.js';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf } from '../harness/suite.js';
import { gaussian, toTensor } from '../harness/tensors.js';
import { setBackend } from '../harness/set-backend.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';

/** Options of `optimizerContract`. */
export interface OptimizerContractOptions {
  /** Learning rate at which the suite's steps go down; default: 0.01. */
  readonly learningRate?: number;
  /** A registered tfjs backend; `cpu` by default. */
  readonly backend?: string;
  /** A backend that runs recorded graphs: the updates there must be those of plain JavaScript. */
  readonly compiled?: () => Promise<Backend>;
}

const SEED = 5;
const STEPS = 4;
/** Small relative to float32's rounding over a few steps, large relative to it in one operation. */
const LIMIT = 1e-4;

/** Shapes as networks have them: a convolution's kernel, a bias, batch-norm parameters. */
const SHAPES = { 'conv/weights': [2, 2, 3, 4], 'conv/bias': [4], 'norm/gamma': [4] } as const;

const startOf = (name: string, shape: readonly number[]): HostTensor => {
  const tensor = gaussian(SEED, name, shape);
  const data = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return { shape, data };
};

const START = (): Record<string, HostTensor> => mapTree(SHAPES, (shape, name) => startOf(name, shape));

/** One step on Σ curvature · w² / 2, whose gradient is curvature · w. */
function stepOf(transform: GradientTransform): { step: Step; state: Tree<HostTensor> } {
  const optimizer = optimizerOf(transform);
  const params = START();
  return {
    state: { ...prefixTree('params', params), ...prefixTree('slots', optimizer.init(params)) },
    step: {
      id: `optimizer contract: ${optimizer.id}`,
      phases: [
        {
          name: 'descend',
          gradients: (state, batch) => ({
            grads: mapTree(subtree(state, 'params'), (w) => tf.mul(w, batch.curvature!)),
            stats: {},
            metrics: {},
          }),
          update(state, grads, hyper) {
            const { params: next, slots } = optimizer.update(
              grads,
              subtree(state, 'slots'),
              subtree(state, 'params'),
              hyper.rate!,
            );
            return { ...prefixTree('params', next), ...prefixTree('slots', slots) };
          },
        },
      ],
    },
  };
}

/** The state after some steps, on a backend. `curvature`: of each step. */
async function trained(
  backend: Backend,
  transform: GradientTransform,
  rate: number,
  curvatures: readonly number[],
): Promise<Tree<HostTensor>> {
  const { step, state } = stepOf(transform);
  const batchOf = (curvature: number): Tree<HostTensor> => ({
    curvature: { shape: [1], data: Float32Array.of(curvature) },
  });
  const spec = { state: mapTree(state, specOf), batch: mapTree(batchOf(1), specOf), hyper: ['rate'] };
  const compiled = await backend.compile(step, spec);
  const memory = await backend.upload(state);
  for (const [i, curvature] of curvatures.entries()) {
    const inputs = { batch: batchOf(curvature), hyper: { rate }, noise: { seed: 0, step: i } };
    await compiled.run(memory, inputs);
  }
  await compiled.metrics();
  const after = await memory.read();
  await compiled.dispose();
  await memory.dispose();
  return after;
}

/** Names of entries with a number that is NaN or infinite. */
const notFinite = (tree: Tree<HostTensor>): string[] =>
  namesOf(tree).filter((name) => !tree[name]!.data.every((value) => Number.isFinite(value)));

const sumOfSquares = (state: Tree<HostTensor>): number =>
  Object.values(subtree(state, 'params'))
    .flatMap(({ data }) => [...data])
    .reduce((sum, value) => sum + value * value, 0);

/**
 * Contract of an optimizer: names and shapes stay; its slots are a tree of finite numbers that keeps its names; the same
 * gradients give the same bytes; it goes down a bowl, stands still at a learning rate of zero and at gradients of zero, and can be
 * recorded as a graph.
 *
 * `create` is called for every test. The tfjs backend must be registered by the caller.
 */
export function optimizerContract(
  runner: ContractRunner,
  create: () => GradientTransform,
  { learningRate = 0.01, backend = 'cpu', compiled }: OptimizerContractOptions = {},
): void {
  const { describe, it } = suiteOf(runner, 'the optimizer');
  const eager = (): EagerBackend => new EagerBackend(backend);
  const after = (rate: number, curvatures: readonly number[]): Promise<Tree<HostTensor>> =>
    trained(eager(), create(), rate, curvatures);
  const bowl = Array<number>(STEPS).fill(1);

  describe('optimizer contract', () => {
    const identified = 'set id to a text that contains every option: compiled steps are cached by it.';
    it('has an id, and the same one for the same options', identified, (check) => {
      const { id } = create();
      check.that(typeof id === 'string' && id !== '', 'has no id', { expected: 'a text', received: id });
      check.equal(create().id, id, 'has another id each time');
    });

    const slotted = 'return from init one host tensor for each thing that is remembered, zeros for instance.';
    it('starts with a tree of finite slots, the same each time', slotted, (check) => {
      const params = START();
      const [slots, again] = [create().init(params), create().init(START())];
      check.none(notFinite(slots), 'has slots that are not finite', 'finite numbers');
      check.none(
        differing(slots, again),
        'has other slots each time',
        'the same slots for the same parameters',
      );
      check.none(
        differing(params, START()),
        'writes to the parameters in init',
        'parameters that are not changed',
      );
    });

    const kept = 'compute element by element, and keep divisors away from 0.';
    it('returns the names and shapes that it received, finite', kept, async (check) => {
      const before = stepOf(create()).state;
      const state = await after(learningRate, bowl); // throws ANC_OPTIMIZER where an entry changed
      check.equal(namesOf(state), namesOf(before), 'returns other entries');
      check.none(notFinite(state), 'returns numbers that are not finite', 'finite parameters and slots');
    });

    const pure = 'keep everything that is remembered in slots: no fields that change, no random numbers.';
    it('is deterministic', pure, async (check) => {
      const wrong = differing(await after(learningRate, bowl), await after(learningRate, bowl));
      check.none(wrong, 'changes from call to call', 'the same bytes for the same gradients');
    });

    const down = 'return what is subtracted from the parameters: a positive multiple of the gradient.';
    it('goes down', down, async (check) => {
      const [start, end] = [stepOf(create()).state, await after(learningRate, bowl)].map(sumOfSquares);
      check.that(end! < start!, 'does not go down a bowl', {
        expected: `less than ${start}, the sum of squares at the start`,
        received: end,
      });
    });

    const rated = 'let scaleByLearningRate() be the last transform of the chain.';
    it('changes no parameter at a learning rate of zero', rated, async (check) => {
      const params = subtree(await after(0, bowl), 'params');
      check.none(
        differing(params, START()),
        'changes parameters at a learning rate of 0',
        'the same parameters',
      );
    });

    const divided = 'keep divisors and roots away from 0: tf.add(tf.sqrt(x), 1e-8).';
    it('stays finite where every gradient is zero, and where gradients are large', divided, async (check) => {
      for (const [what, curvatures] of [
        ['gradients of 0', [0, 0, 0]],
        ['large gradients', [1e6, 1, 0]],
      ] as const) {
        const wrong = notFinite(await after(learningRate, curvatures));
        check.none(wrong, `is not finite after ${what}`, 'finite parameters and slots');
      }
    });

    it('can be recorded as a graph', RECORDABLE_HINT, async (check) => {
      await setBackend(backend);
      tf.tidy(() => {
        const params = START();
        const slots = mapTree(create().init(params), toTensor);
        const tensors = mapTree(params, toTensor);
        const context = { params: tensors, learningRate: tf.scalar(learningRate) };
        const given = [...Object.values(slots), ...Object.values(tensors), context.learningRate];
        const found = untraceableIn(() => create().update(tensors, slots, context), given);
        check.none(found, 'cannot be recorded as a graph', 'operations of tfjs-core on tensors');
      });
    });

    if (compiled === undefined) return;
    it('computes the same compiled', RECORDABLE_HINT, async (check) => {
      const other = await compiled();
      try {
        const [expected, received] = [
          await after(learningRate, bowl),
          await trained(other, create(), learningRate, bowl),
        ];
        const wrong = namesOf(expected).filter(
          (name) => !(relativeError(received[name]!, expected[name]!) < LIMIT),
        );
        check.none(wrong, 'computes something else when it is compiled', 'the numbers of plain JavaScript');
      } finally {
        await other.dispose();
      }
    });
  });
}
