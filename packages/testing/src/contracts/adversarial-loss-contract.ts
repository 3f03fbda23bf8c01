import '@tensorflow/tfjs-backend-cpu';
import type { AdversarialLoss, AdversarialLossContext, Tree } from '@anc/core';
import { scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { normalTensor } from '../harness/differentiable.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkName,
  checkOrder,
  checkRecordable,
  inReverse,
  openOnce,
  type ContractBackend,
  type Subject,
} from '../objective/component-checks.js';

export interface AdversarialLossContractOptions {
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

const BATCH = 5;
/** Of the discriminator's logits and hidden features, without the batch axis. */
const SHAPES = { logits: [2], hidden1: [4], hidden2: [3] } as const;

/** D's outputs on one side, by name: `<side>/logits`, `<side>/hidden1`, … */
const drawn = (side: string, scale: number) =>
  Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [
      `${side}/${name}`,
      normalTensor(`${side}/${name}`, [BATCH, ...shape], name === 'logits' ? scale : 1),
    ]),
  );

const hiddenOf = (leaves: Tree, side: string): Tree => ({
  hidden1: leaves[`${side}/hidden1`]!,
  hidden2: leaves[`${side}/hidden2`]!,
});

/**
 * Contract of an adversarial loss, of D's side and of the student's: one finite scalar, also for large logits; the same
 * for any order of the batch; gradients with respect to D's logits and hidden features that agree with finite
 * differences; a step against them lowers it; and no operation that a recorded graph cannot repeat. D's logits are
 * [5, 2], as from a discriminator of patches; its hidden features are `hidden1` [5, 4] and `hidden2` [5, 3].
 *
 * `create` is called for every test.
 */
export function adversarialLossContract(
  { describe, it }: ContractRunner,
  create: () => AdversarialLoss,
  { backend }: AdversarialLossContractOptions = {},
): void {
  const open = openOnce(backend);
  const subject = (member: 'discriminator' | 'student', scale = 1): Subject => {
    const loss = create();
    const what = `adversarial loss "${loss.name}": ${member}`;
    return {
      what,
      leaves: { ...drawn('teacher', scale), ...drawn('student', scale) },
      compute: (leaves, noise) => {
        const [onTeacher, onStudent] = [leaves['teacher/logits']!, leaves['student/logits']!];
        const context: AdversarialLossContext = {
          progress: tf.scalar(0.5),
          noise,
          onTeacher,
          hiddenOnTeacher: hiddenOf(leaves, 'teacher'),
          hiddenOnStudent: hiddenOf(leaves, 'student'),
        };
        return scalarFrom(`adversarial loss "${loss.name}"`, member, () =>
          member === 'discriminator'
            ? loss.discriminator(onTeacher, onStudent, context)
            : loss.student(onStudent, context),
        );
      },
    };
  };

  describe('adversarial loss contract', () => {
    it('has a name', () => checkName('adversarial loss', create().name));
    for (const [member, who] of [
      ['discriminator', "the discriminator's"],
      ['student', "the student's"],
    ] as const) {
      it(`${who} is one finite scalar, the same each time`, () => checkFinite(open, subject(member)));
      it(`${who} is finite for a discriminator that is certain`, () =>
        checkFinite(open, subject(member, 200)));
      it(`${who} does not depend on the order of the batch`, () => {
        const given = subject(member);
        return checkOrder(open, given, inReverse(given));
      });
      it(`${who} has gradients that agree with finite differences`, () =>
        checkGradients(open, subject(member)));
      it(`${who} is lowered by a gradient step`, () => checkDescent(open, subject(member)));
      it(`${who} can be recorded as a graph`, () => checkRecordable(subject(member)));
    }
  });
}
