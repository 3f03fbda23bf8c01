import type { Scalar } from '@tensorflow/tfjs-core';
import { originOf } from '../contracts/origin.js';
import type { DataTerm, DataTermContext, ObjectiveContext } from '../contracts/objective.js';
import type { Context } from '../contracts/network.js';
import { AncError } from '../errors/error.js';
import { termBoundary } from '../finite/produced.js';
import { subtree, type Tree } from '../tree/tree.js';
import { scalarFrom } from './component-result.js';
import type { LossContext } from './student-phase.js';

/** Name of the hyperparameter that holds the completed share of the stage's training. */
const PROGRESS = 'progress';

/**
 * What a component can use besides its tensors, added to what is its own.
 *
 * @param name of the component within the step: its noise is drawn under it.
 */
export function objectiveContext<T extends object>(
  name: string,
  hyper: Tree<Scalar>,
  context: Context,
  own: T,
): ObjectiveContext & T {
  const shared: ObjectiveContext = {
    get progress() {
      const progress = hyper[PROGRESS];
      if (progress !== undefined) return progress;
      throw new AncError('ANC_FEED', `the hyperparameter "${PROGRESS}" is missing.`, {
        hint: `return it from the stage's next(progress): hyper: { ${PROGRESS}: progressShare(progress), … }.`,
      });
    },
    noise: (noise, shape, distribution) => context.noise(`${name}/${noise}`, shape, distribution),
  };
  // Not by spreading, which would compute what is computed only where it is read.
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(shared)) as ObjectiveContext & T;
}

/**
 * The data term of the objective, without λ, from what the student's loss is computed from.
 *
 * @throws `ANC_OBJECTIVE` where the term returns no scalar.
 */
export function dataTermLoss(
  dataTerm: DataTerm,
  { outputs, batch, hyper, context }: Pick<LossContext, 'outputs' | 'batch' | 'hyper' | 'context'>,
): Scalar {
  const origin = originOf('data term', dataTerm);
  const boundary = termBoundary(origin, true);
  const student = boundary.inputs(outputs);
  const given: DataTermContext = objectiveContext('data', hyper, context, {
    student,
    teacher: subtree(batch, 'teacher'),
  });
  const teacherLogits = batch['teacher/logits']!;
  return boundary.result(
    scalarFrom(origin, 'loss', () => dataTerm.loss(student.logits, teacherLogits, given)),
  );
}
