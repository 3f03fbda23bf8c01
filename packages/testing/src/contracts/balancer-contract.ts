import '@tensorflow/tfjs-backend-cpu';
import {
  mapTree,
  type Backend,
  type Balancer,
  type GradientNorms,
  type HostTensor,
  type Tree,
} from '@anc/core';
import { memoryFrom, scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { setBackend } from '../harness/set-backend.js';
import { RECORDABLE_HINT, untraceableIn } from '../harness/untraceable.js';
import { violation } from '../harness/violation.js';
import { checkName, componentSuite, openOnce, type ContractBackend } from '../objective/component-checks.js';

/** Options of `balancerContract`. */
export interface BalancerContractOptions {
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

const STEPS = 40;

/** Norms that a training may show: ordinary ones, and a discriminator or a student without a gradient. */
const NORMS: readonly (readonly [data: number, adversarial: number])[] = [
  [1, 1],
  [0.01, 3],
  [5, 1e-6],
  [1, 0],
  [0, 1],
  [0, 0],
];

const scalar = (value: number): HostTensor => ({ shape: [], data: Float32Array.of(value) });

/**
 * Contract of a balancer: a finite weight of at least zero in every step, also where a gradient vanishes; a memory that
 * stays finite, with the same entries in each step and the same numbers for the same norms; and no operation that a
 * recorded graph cannot repeat.
 *
 * `create` is called for every test.
 */
export function balancerContract(
  runner: ContractRunner,
  create: () => Balancer,
  { backend }: BalancerContractOptions = {},
): void {
  const open = openOnce(backend);
  const { describe, it } = componentSuite(runner, 'the balancer');

  /** Weights and memories over some steps. */
  const play = async (on: Backend, balancer: Balancer): Promise<readonly Tree<number>[]> => {
    const what = `balancer "${balancer.name}"`;
    const inputs = {
      ...mapTree(balancer.memory, scalar),
      'norm/data': scalar(1),
      'norm/adversarial': scalar(1),
    };
    const compiled = await on.compileFunction(
      (tensors) => {
        const memory = mapTree(balancer.memory, (_, name) => tensors[name]!);
        const norms = {
          data: tensors['norm/data'],
          adversarial: tensors['norm/adversarial'],
        } as GradientNorms;
        const weight = scalarFrom(what, 'weight', () => balancer.weight(memory));
        return { weight, ...memoryFrom(what, 'next', memory, () => balancer.next(memory, norms)) };
      },
      {
        id: `contract: ${what}`,
        inputs: mapTree(inputs, ({ shape }) => ({ shape, dtype: 'float32' as const })),
      },
    );
    const steps: Tree<number>[] = [];
    let memory: Tree<number> = balancer.memory;
    for (let i = 0; i < STEPS; i++) {
      const [data, adversarial] = NORMS[i % NORMS.length]!;
      const found = await compiled.run({
        ...mapTree(memory, scalar),
        'norm/data': scalar(data),
        'norm/adversarial': scalar(adversarial),
      });
      steps.push(mapTree(found, ({ data: values }) => values[0]!));
      memory = mapTree(balancer.memory, (_, name) => found[name]!.data[0]!);
    }
    await compiled.dispose();
    return steps;
  };

  describe('balancer contract', () => {
    it('has a name and a memory of finite numbers', () => {
      const balancer = create();
      checkName('balancer', balancer.name);
      const bad = Object.entries(balancer.memory).find(([, value]) => !Number.isFinite(value));
      if (bad === undefined) return;
      throw violation(`balancer "${balancer.name}": its memory does not start with numbers.`, {
        expected: 'one finite number for each entry',
        received: `${bad[0]} = ${String(bad[1])}`,
        hint: 'declare it as memory: { name: 0 }.',
      });
    });

    it('gives a finite weight of at least zero, and a finite memory, also where a gradient vanishes', async () => {
      const balancer = create();
      for (const [i, step] of (await play(await open(), balancer)).entries()) {
        const bad = Object.entries(step).find(
          ([name, value]) => !Number.isFinite(value) || (name === 'weight' && value < 0),
        );
        if (bad === undefined) continue;
        const [data, adversarial] = NORMS[i % NORMS.length]!;
        throw violation(`balancer "${balancer.name}": ${bad[0]} is ${bad[1]} in step ${i + 1}.`, {
          expected: 'a finite weight of at least zero, and a finite memory',
          received: `${bad[1]}, for gradients of norm ${data} (data) and ${adversarial} (adversarial)`,
          hint: 'bound divisors from below and the weight from above: tf.maximum(norm, 1e-12), tf.minimum(weight, cap).',
        });
      }
    });

    it('gives the same numbers for the same norms', async () => {
      const [one, other] = [await play(await open(), create()), await play(await open(), create())];
      if (JSON.stringify(one) === JSON.stringify(other)) return;
      throw violation(`balancer "${create().name}" changes from call to call.`, {
        expected: 'the same weights for the same norms',
        received: 'other weights',
        hint: 'keep everything that it remembers in memory, not in fields.',
      });
    });

    it('can be recorded as a graph', async () => {
      await setBackend();
      const balancer = create();
      const found = tf.tidy(() => {
        const memory = mapTree(balancer.memory, (value) => tf.scalar(value));
        const norms = { data: tf.scalar(1), adversarial: tf.scalar(2) };
        return untraceableIn(() => {
          balancer.weight(memory);
          balancer.next(memory, norms);
        }, [...Object.values(memory), ...Object.values(norms)]);
      });
      if (found.length === 0) return;
      throw violation(`balancer "${balancer.name}" cannot be recorded as a graph.`, {
        expected: 'operations of tfjs-core on tensors',
        received: found.join(', '),
        hint: RECORDABLE_HINT,
      });
    });
  });
}
