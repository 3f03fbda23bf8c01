import '@tensorflow/tfjs-backend-cpu';
import type { DataTerm, Tree } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkMean,
  checkName,
  componentSuite,
  checkOrder,
  checkRecordable,
  inReverse,
  openOnce,
  twice,
  type ContractBackend,
} from '../objective/component-checks.js';
import { dataTermSubject, ofStudent } from '../objective/data-term-subject.js';

/** Options of `dataTermContract`. */
export interface DataTermContractOptions {
  /** Outputs of both networks besides logits [3] and features [4], by name, without the batch axis. */
  readonly outputs?: Tree<readonly number[]>;
  /** Whether its definition compares the samples of a batch with each other, so that its value may depend on the batch's size. */
  readonly comparesSamples?: boolean;
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

/**
 * Contract of a data term: one finite scalar, also for large logits; the same for any order of the batch, and a mean over it, unless it compares samples; gradients
 * with respect to every output of the student that agree with finite differences; a step against them lowers it; it
 * reads no output of the teacher that it does not declare; and no operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test.
 */
export function dataTermContract(
  runner: ContractRunner,
  create: () => DataTerm,
  { outputs = {}, comparesSamples = false, backend }: DataTermContractOptions = {},
): void {
  const open = openOnce(backend);
  const { describe, it } = componentSuite(runner, 'the data term');

  describe('data term contract', () => {
    it('has a name and returns one finite scalar, the same each time', async () => {
      const term = create();
      checkName('data term', term.name);
      await checkFinite(open, dataTermSubject(term, outputs));
    });
    it('is finite for logits of a confident network', () =>
      checkFinite(open, dataTermSubject(create(), outputs, 40)));
    it('does not depend on the order of the batch', () => {
      const given = dataTermSubject(create(), outputs);
      return checkOrder(open, given, inReverse(given));
    });
    if (!comparesSamples) {
      it('is a mean over the batch', () => {
        const given = dataTermSubject(create(), outputs);
        return checkMean(open, given, twice(given));
      });
    }
    it("has gradients at the student's outputs that agree with finite differences", () =>
      checkGradients(open, ofStudent(dataTermSubject(create(), outputs))));
    it('is lowered by a gradient step', () =>
      checkDescent(open, ofStudent(dataTermSubject(create(), outputs))));
    it('can be recorded as a graph', () => checkRecordable(dataTermSubject(create(), outputs)));
  });
}
