import '@tensorflow/tfjs-backend-cpu';
import { namesOf, type Regularizer } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { violation } from '../harness/violation.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkMean,
  checkName,
  componentSuite,
  checkOrder,
  checkRecordable,
  openOnce,
  type ContractBackend,
} from '../objective/component-checks.js';
import { memoryAfterSteps, memoryOfParts, regularizerSubject } from '../objective/regularizer-subject.js';

/** Options of `regularizerContract`. */
export interface RegularizerContractOptions {
  /** Whether a small gradient step must lower the penalty; false for regularizers without effect. Default: true. */
  readonly active?: boolean;
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

const MEMORY_STEPS = 20;

/**
 * Contract of a regularizer: one finite scalar that is the same for any order of the batch, and a mean over it; gradients that agree with
 * finite differences; a gradient step lowers it; no operation that a recorded graph cannot repeat; and a memory, where
 * it has one, that keeps its entries and shapes, stays finite, depends on nothing else and is a mean over the batch.
 *
 * `create` is called for every test.
 */
export function regularizerContract(
  runner: ContractRunner,
  create: () => Regularizer,
  { active = true, backend }: RegularizerContractOptions = {},
): void {
  const open = openOnce(backend);
  const { describe, it } = componentSuite(runner, 'the regularizer');
  describe('regularizer contract', () => {
    it('returns one finite scalar, the same each time', async () => {
      checkName('regularizer', create().name);
      await checkFinite(open, regularizerSubject(create()));
    });
    it('does not depend on the order of the batch', () =>
      checkOrder(open, regularizerSubject(create()), regularizerSubject(create(), 'reversed')));
    it('is a mean over the batch', () =>
      checkMean(open, regularizerSubject(create()), regularizerSubject(create(), 'twice')));
    it('has gradients that agree with finite differences', () =>
      checkGradients(open, regularizerSubject(create())));
    it(active ? 'is lowered by a gradient step' : 'is not changed by a gradient step', () =>
      checkDescent(open, regularizerSubject(create()), active),
    );
    it('can be recorded as a graph', () => checkRecordable(regularizerSubject(create())));

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
      const [one, other] = [
        await memoryAfterSteps(await open(), create(), MEMORY_STEPS),
        await memoryAfterSteps(await open(), create(), MEMORY_STEPS),
      ];
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

    it('has a memory that micro-batches and ranks can average, or none', async () => {
      const backend = await open();
      const from = await memoryAfterSteps(backend, create(), MEMORY_STEPS);
      const { whole, mean } = await memoryOfParts(backend, create(), from);
      for (const name of namesOf(whole)) {
        const [all, parts] = [whole[name]!.data, mean[name]!.data];
        const at = all.findIndex(
          (value, i) => !(Math.abs(value - parts[i]!) < 1e-4 * Math.max(1, Math.abs(value))),
        );
        if (at === -1) continue;
        throw violation(`regularizer "${create().name}": its memory "${name}" is no mean over the batch.`, {
          expected: `${all[at]}, as from the whole batch`,
          received: `${parts[at]}, the mean of the memories after two parts of the batch`,
          hint: 'keep means over the batch and moving averages of them: no samples, sums or products of means.',
        });
      }
    });
  });
}
