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
import { gaussian, toTensor } from '../harness/tensors.js';
import { untraceableIn } from '../harness/untraceable.js';

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
  { describe, it, expect }: ContractRunner,
  create: () => GradientTransform,
  { learningRate = 0.01, backend = 'cpu', compiled }: OptimizerContractOptions = {},
): void {
  const eager = (): EagerBackend => new EagerBackend(backend);
  const after = (rate: number, curvatures: readonly number[]): Promise<Tree<HostTensor>> =>
    trained(eager(), create(), rate, curvatures);
  const bowl = Array<number>(STEPS).fill(1);

  describe('optimizer contract', () => {
    it('has an id, and the same one for the same options', () => {
      expect(create().id.length).toBeGreaterThan(0);
      expect(create().id).toBe(create().id);
    });

    it('starts with a tree of finite slots, the same each time', () => {
      const [slots, again] = [create().init(START()), create().init(START())];
      expect(notFinite(slots)).toEqual([]);
      expect(differing(slots, again)).toEqual([]);
    });

    it('returns the names and shapes that it received, finite', async () => {
      const before = stepOf(create()).state;
      const state = await after(learningRate, bowl); // throws ANC_OPTIMIZER where an entry changed
      expect(namesOf(state)).toEqual(namesOf(before));
      expect(notFinite(state)).toEqual([]);
    });

    it('is deterministic', async () => {
      expect(differing(await after(learningRate, bowl), await after(learningRate, bowl))).toEqual([]);
    });

    it('goes down', async () => {
      const end = sumOfSquares(await after(learningRate, bowl));
      expect(end).toBeLessThan(sumOfSquares(stepOf(create()).state));
    });

    it('changes no parameter at a learning rate of zero', async () => {
      const params = subtree(await after(0, bowl), 'params');
      expect(differing(params, START())).toEqual([]);
    });

    it('stays finite where every gradient is zero, and where gradients are large', async () => {
      expect(notFinite(await after(learningRate, [0, 0, 0]))).toEqual([]);
      expect(notFinite(await after(learningRate, [1e6, 1, 0]))).toEqual([]);
    });

    it('can be recorded as a graph', async () => {
      await tf.setBackend(backend);
      tf.tidy(() => {
        const params = START();
        const slots = mapTree(create().init(params), toTensor);
        const tensors = mapTree(params, toTensor);
        const context = { params: tensors, learningRate: tf.scalar(learningRate) };
        expect(untraceableIn(() => create().update(tensors, slots, context))).toEqual([]);
      });
    });

    if (compiled === undefined) return;
    it('computes the same compiled', async () => {
      const other = await compiled();
      try {
        const [expected, received] = [
          await after(learningRate, bowl),
          await trained(other, create(), learningRate, bowl),
        ];
        const wrong = namesOf(expected).filter(
          (name) => !(relativeError(received[name]!, expected[name]!) < LIMIT),
        );
        expect(wrong).toEqual([]);
      } finally {
        await other.dispose();
      }
    });
  });
}
