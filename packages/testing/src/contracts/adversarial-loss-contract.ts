import '@tensorflow/tfjs-backend-cpu';
import type { AdversarialLoss } from '@anc/core';
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
import { adversarialLossSubject } from '../objective/adversarial-loss-subject.js';

/** Options of `adversarialLossContract`. */
export interface AdversarialLossContractOptions {
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

/**
 * Contract of an adversarial loss, of D's side and of the student's: one finite scalar, also for large logits; the same
 * for any order of the batch, and a mean over it; gradients with respect to D's logits and hidden features that agree with finite
 * differences; a step against them lowers it; and no operation that a recorded graph cannot repeat. D's logits are
 * [5, 2], as from a discriminator of patches; its hidden features are `hidden1` [5, 4] and `hidden2` [5, 3].
 *
 * `create` is called for every test.
 */
export function adversarialLossContract(
  runner: ContractRunner,
  create: () => AdversarialLoss,
  { backend }: AdversarialLossContractOptions = {},
): void {
  const open = openOnce(backend);
  const { describe, it } = componentSuite(runner, 'the adversarial loss');
  describe('adversarial loss contract', () => {
    it('has a name', () => checkName('adversarial loss', create().name));
    for (const [member, who] of [
      ['discriminator', "the discriminator's"],
      ['student', "the student's"],
    ] as const) {
      it(`${who} is one finite scalar, the same each time`, () =>
        checkFinite(open, adversarialLossSubject(create(), member)));
      it(`${who} is finite for a discriminator that is certain`, () =>
        checkFinite(open, adversarialLossSubject(create(), member, 200)));
      it(`${who} does not depend on the order of the batch`, () => {
        const given = adversarialLossSubject(create(), member);
        return checkOrder(open, given, inReverse(given));
      });
      it(`${who} is a mean over the batch`, () => {
        const given = adversarialLossSubject(create(), member);
        return checkMean(open, given, twice(given));
      });
      it(`${who} has gradients that agree with finite differences`, () =>
        checkGradients(open, adversarialLossSubject(create(), member)));
      it(`${who} is lowered by a gradient step`, () =>
        checkDescent(open, adversarialLossSubject(create(), member)));
      it(`${who} can be recorded as a graph`, () =>
        checkRecordable(adversarialLossSubject(create(), member)));
    }
  });
}
