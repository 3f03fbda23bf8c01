import '@tensorflow/tfjs-backend-cpu';
import {
  mapTree,
  namesOf,
  specOf,
  type HostTensor,
  type ObjectiveContext,
  type Regularizer,
  type RegularizerContext,
  type Tree,
} from '@anc/core';
import { hasMemory, memoryFrom, scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { noiseOf, normalTensor } from '../harness/differentiable.js';
import { toTensor } from '../harness/tensors.js';
import { violation } from '../harness/violation.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkName,
  checkOrder,
  checkRecordable,
  openOnce,
  reversed,
  reversedNoise,
  type ContractBackend,
  type Subject,
} from '../objective/component-checks.js';

export interface RegularizerContractOptions {
  /** Whether a small gradient step must lower the penalty; false for regularizers without effect. Default: true. */
  readonly active?: boolean;
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

const BATCH = 6;
const WIDTH = 5;
const HIDDEN = 4;
const MEMORY_STEPS = 20;

const PARAMS = {
  'hidden/weights': normalTensor('w1', [WIDTH, HIDDEN]),
  'hidden/bias': normalTensor('b1', [HIDDEN]),
  'output/weights': normalTensor('w2', [HIDDEN, 1]),
  'output/bias': normalTensor('b2', [1]),
};

const FEATURES = {
  teacher: normalTensor('teacher', [BATCH, WIDTH]),
  student: normalTensor('student', [BATCH, WIDTH]),
  dropped: normalTensor('dropped', [BATCH, WIDTH]),
};

/** A small discriminator with smooth units, so that finite differences are accurate. x: [B, 5] -> [B, 4], [B, 1]. */
const hidden = (params: Tree, x: Tensor): Tensor =>
  tf.tanh(tf.add(tf.matMul(x, params['hidden/weights']!), params['hidden/bias']!));
const discriminate = (params: Tree, x: Tensor): Tensor =>
  tf.add(tf.matMul(hidden(params, x), params['output/weights']!), params['output/bias']!);

function contextOf(
  params: Tree,
  features: Tree,
  memory: Tree,
  noise: ObjectiveContext['noise'],
): RegularizerContext {
  const [teacher, student, dropped] = [features.teacher!, features.student!, features.dropped!];
  return {
    progress: tf.scalar(0.5),
    noise,
    params,
    teacher,
    student,
    dropped,
    onTeacher: discriminate(params, teacher),
    onStudent: discriminate(params, student),
    hiddenOnTeacher: { hidden1: hidden(params, teacher) },
    hiddenOnStudent: { hidden1: hidden(params, student) },
    memory,
    discriminate: (x) => discriminate(params, x),
    hidden: (x) => ({ hidden1: hidden(params, x) }),
  };
}

const initialMemory = (regularizer: Regularizer): Tree<HostTensor> =>
  hasMemory(regularizer) ? regularizer.memory([WIDTH]) : {};

/**
 * Contract of a regularizer: one finite scalar that is the same for any order of the batch; gradients that agree with
 * finite differences; a gradient step lowers it; no operation that a recorded graph cannot repeat; and a memory, where
 * it has one, that keeps its entries and shapes, stays finite and depends on nothing else.
 *
 * `create` is called for every test.
 */
export function regularizerContract(
  { describe, it }: ContractRunner,
  create: () => Regularizer,
  { active = true, backend }: RegularizerContractOptions = {},
): void {
  const open = openOnce(backend);
  const subject = (order: 'forwards' | 'reversed' = 'forwards'): Subject => {
    const regularizer = create();
    const what = `regularizer "${regularizer.name}"`;
    const features = order === 'forwards' ? FEATURES : reversed(FEATURES);
    return {
      what: `${what}: penalty`,
      leaves: PARAMS,
      compute: (params, noise) => {
        const drawn = order === 'forwards' ? noise : reversedNoise(noise);
        const memory = mapTree(initialMemory(regularizer), toTensor);
        const context = contextOf(params, mapTree(features, toTensor), memory, drawn);
        return scalarFrom(what, 'penalty', () => regularizer.penalty(context));
      },
    };
  };

  /** The memory after some steps. */
  const remembered = async (): Promise<Tree<HostTensor>> => {
    const regularizer = create();
    if (!hasMemory(regularizer)) return {};
    const what = `regularizer "${regularizer.name}"`;
    let memory: Tree<HostTensor> = regularizer.memory([WIDTH]);
    const noise = await noiseOf((leaves, draw) => {
      regularizer.next(contextOf(leaves, mapTree(FEATURES, toTensor), mapTree(memory, toTensor), draw));
      return tf.scalar(0);
    }, PARAMS);
    const inputs = { ...PARAMS, ...FEATURES, ...noise, ...memory };
    const compiled = await (
      await open()
    ).compileFunction(
      (tensors) => {
        const own = mapTree(memory, (_, name) => tensors[name]!);
        const context = contextOf(tensors, tensors, own, (name) => tensors[name]!);
        return memoryFrom(what, own, () => regularizer.next(context));
      },
      { id: `contract: memory of ${what}`, inputs: mapTree(inputs, specOf) },
    );
    for (let i = 0; i < MEMORY_STEPS; i++) memory = await compiled.run({ ...inputs, ...memory });
    await compiled.dispose();
    return memory;
  };

  describe('regularizer contract', () => {
    it('returns one finite scalar, the same each time', async () => {
      checkName('regularizer', create().name);
      await checkFinite(open, subject());
    });
    it('does not depend on the order of the batch', () => checkOrder(open, subject(), subject('reversed')));
    it('has gradients that agree with finite differences', () => checkGradients(open, subject()));
    it(active ? 'is lowered by a gradient step' : 'is not changed by a gradient step', () =>
      checkDescent(open, subject(), active),
    );
    it('can be recorded as a graph', () => checkRecordable(subject()));

    it('has a memory of fixed size, or none', async () => {
      const regularizer = create();
      const what = `regularizer "${regularizer.name}"`;
      if (typeof regularizer.memory !== typeof regularizer.next) {
        throw violation(`${what} has one half of a memory.`, {
          expected: 'both memory(input) and next(context), or none of them',
          received: typeof regularizer.memory === 'function' ? 'memory alone' : 'next alone',
          hint: 'next returns the memory after the phase, every entry of it.',
        });
      }
      const [one, other] = [await remembered(), await remembered()];
      for (const name of namesOf(one)) {
        const bad = one[name]!.data.find((value) => !Number.isFinite(value));
        if (bad !== undefined) {
          throw violation(`${what}: its memory "${name}" does not stay finite.`, {
            expected: `finite numbers after ${MEMORY_STEPS} steps`,
            received: String(bad),
            hint: 'keep averages or the latest values instead of sums that grow.',
          });
        }
        if (one[name]!.data.every((value, i) => value === other[name]!.data[i])) continue;
        throw violation(`${what}: its memory "${name}" differs between two trainings.`, {
          expected: 'the same numbers for the same batches',
          received: 'other numbers',
          hint: 'keep everything that it remembers in memory, not in fields: it is saved with checkpoints.',
        });
      }
    });
  });
}
