import '@tensorflow/tfjs-backend-cpu';
import type { Discrepancy } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { differentiable } from '../harness/differentiable.js';
import { violation } from '../harness/violation.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkName,
  checkOrder,
  checkRecordable,
  componentSuite,
  inReverse,
  openOnce,
  type ContractBackend,
} from '../objective/component-checks.js';
import { discrepancySubject } from '../objective/generation-subjects.js';

/** Options of `discrepancyContract`. */
export interface DiscrepancyContractOptions {
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

/**
 * Contract of a discrepancy: one finite scalar, also for large logits, 0 where the logits are equal and positive where they
 * are not; the same for any order of the batch; gradients at both networks' logits that agree with finite differences; a
 * step against them lowers it; and no operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test.
 */
export function discrepancyContract(
  runner: ContractRunner,
  create: () => Discrepancy,
  { backend }: DiscrepancyContractOptions = {},
): void {
  const open = openOnce(backend);
  const { describe, it } = componentSuite(runner, 'the discrepancy');

  describe('discrepancy contract', () => {
    it('has a name and returns one finite scalar, the same each time', async () => {
      checkName('discrepancy', create().name);
      await checkFinite(open, discrepancySubject(create()));
    });
    it('is finite for logits of confident networks', () =>
      checkFinite(open, discrepancySubject(create(), 40)));
    it('is zero for equal logits and positive for others', async () => {
      const { what, compute, leaves } = discrepancySubject(create());
      const f = await differentiable(await open(), compute, leaves);
      const [apart, equal] = [await f.value(leaves), await f.value({ ...leaves, student: leaves.teacher! })];
      await f.dispose();
      if (apart > 0 && Math.abs(equal) < 1e-5) return;
      throw violation(`${what} is no distance.`, {
        expected: '0 for equal logits, more than 0 for others',
        received: `${equal} and ${apart}`,
        hint: 'return what the student has to lower: the generator maximizes it.',
      });
    });
    it('does not depend on the order of the batch', () => {
      const given = discrepancySubject(create());
      return checkOrder(open, given, inReverse(given));
    });
    it('has gradients that agree with finite differences', () =>
      checkGradients(open, discrepancySubject(create())));
    it('is lowered by a gradient step', () => checkDescent(open, discrepancySubject(create())));
    it('can be recorded as a graph', () => checkRecordable(discrepancySubject(create())));
  });
}
