import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import type { ClassifierOutputs, Context } from '../contracts/network.js';
import type { AdversarialLossContext } from '../contracts/objective.js';
import { originOf } from '../contracts/origin.js';
import type { Phase } from '../contracts/step.js';
import { classification } from '../tasks/classification/classification.js';
import { received, receivedTree } from '../finite/produced.js';
import { prefixTree, subtree, type Tree } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';
import {
  adapterOf,
  applyDiscriminator,
  classCrossEntropy,
  conditionFrom,
  discriminatorVariables,
  dropoutMaskName,
  hiddenOf,
  meanOf,
  probability,
  type AppliedDiscriminator,
  type AttachedDiscriminator,
} from './attached-discriminator.js';
import { compareGradients } from './compare-gradients.js';
import { memoryFrom, scalarFrom } from './component-result.js';
import { invertedDropout, STUDENT_DROPOUT_MASK, withActivationDropout } from './dropout.js';
import { dataTermLoss, objectiveContext } from './objective-context.js';
import { applyAuxiliary, studentPhase, type AuxiliaryLayer } from './student-phase.js';
import { auxiliaryLayersOf, sumOfTerms } from './terms.js';

/**
 * The student's phase. Its features pass through dropout into the fixed discriminators, and its adversarial loss is
 * low where D takes them for the teacher's; λ times the data term pulls its logits to the teacher's (Eq. 4).
 */
export function adversarialStudentPhase(setup: AdversarialSetup): Phase {
  const { discriminators, task = classification } = setup;
  const { rate, position } = setup.dropout;
  const dropsInside = position === 'inside-student';

  /** The student's loss from one fixed discriminator. adapted: its input [B, …] -> D's logits and the scalar. */
  const adversarialLossOf = (
    attached: AttachedDiscriminator,
    { condition, ...given }: Given & { condition: Tensor | null },
    adapted: Tensor,
  ): { onDropped: Tensor; loss: Scalar } => {
    const { state, context } = given;
    const sample = dropsInside ? adapted : invertedDropout(context, dropoutMaskName(attached), adapted, rate);
    const own = attached.discriminator.conditional ? condition : null;
    const variables = discriminatorVariables(attached, state);
    const applied = applyDiscriminator(attached, variables, sample, context, own);
    const { outputs } = applied;
    const origin = originOf('adversarial loss', setup.adversarialLoss);
    const lossContext = lossContextOf(origin, attached, given, applied, own);
    const logits = received(origin, "the discriminator's logits", outputs.logits);
    const adversarial = scalarFrom(origin, 'student', () =>
      setup.adversarialLoss.student(logits, lossContext),
    );
    const loss =
      outputs.classes !== undefined && own !== null
        ? tf.add(adversarial, classCrossEntropy(outputs.classes, own))
        : adversarial;
    return { onDropped: outputs.logits, loss: loss as Scalar };
  };
  const conditional = discriminators.some(({ discriminator }) => discriminator.conditional);
  const conditionIn = (batch: Tree, outputs: ClassifierOutputs): Tensor | null =>
    conditional ? conditionFrom(setup.condition, batch, outputs) : null;
  const weightOf = (state: Tree, hyper: Tree<Scalar>): Scalar =>
    tf.mul(
      hyper.adversarial!,
      scalarFrom(originOf('balancer', setup.balancer), 'weight', () =>
        setup.balancer.weight(subtree(state, 'balancer')),
      ),
    );

  return studentPhase({
    student: setup.student,
    optimizer: setup.optimizers.student,
    task,
    auxiliaryLayers: adversarialAuxiliaryLayers(setup),
    ...(dropsInside && {
      wrapContext: (context: Context) =>
        withActivationDropout(context, 'features', STUDENT_DROPOUT_MASK, rate),
    }),
    objective(lossContext) {
      const { outputs, state, batch, hyper, context } = lossContext;
      const teacherLogits = batch['teacher/logits']!;
      const condition = conditionIn(batch, outputs);
      const results = discriminators.map((attached) => {
        const output = outputs[attached.input]!;
        const adapted = attached.adapter ? lossContext.auxiliary(adapterOf(attached), output) : output;
        return adversarialLossOf(attached, { state, batch, hyper, context, condition }, adapted);
      });
      const adversarial = results
        .map(({ loss }, i) => tf.mul(loss, discriminators[i]!.weight))
        .reduce((sum, loss) => tf.add(sum, loss)) as Scalar;
      const data = dataTermLoss(setup.dataTerm, lossContext);
      const objective = tf.add(tf.mul(data, hyper.lambda!), tf.mul(adversarial, weightOf(state, hyper))); // Eq. 4
      const more = setup.terms?.length ? sumOfTerms(setup.terms, lossContext) : null;
      const entries = Object.fromEntries(discriminators.map(({ name, input }) => [name, outputs[input]!]));
      return {
        loss: (more === null ? objective : tf.add(objective, more.loss)) as Scalar,
        metrics: {
          ...more?.metrics,
          'loss/data': data,
          'loss/adversarial': adversarial,
          'discriminator/dropped': meanOf(results.map(({ onDropped }) => probability(onDropped))),
          agreement: task.batchAgreement(outputs.logits, teacherLogits),
        },
        aux: { ...prefixTree('entry', entries), ...(condition && { condition }) },
        watch: entries,
      };
    },
    after({ state, batch, hyper, context }, { aux, watched }) {
      const weight = weightOf(state, hyper);
      const entries = subtree(aux, 'entry');
      const condition = aux.condition ?? null;
      const compared = discriminators.map((attached) => {
        const entry = entries[attached.name]!; // [B, …]
        const { grads } = valueAndGradients(
          (leaves) => {
            const adapted = attached.adapter
              ? applyAuxiliary(attached.adapter, adapterOf(attached), state, leaves.entry!, context)
              : leaves.entry!;
            const given = { state, batch, hyper, context, condition };
            return { loss: adversarialLossOf(attached, given, adapted).loss };
          },
          { entry },
        );
        const own = tf.mul<Scalar>(weight, attached.weight);
        // The rest of the total is from the data term, the other terms and, where they see it, other discriminators.
        const rest = tf.sub(watched[attached.name]!, tf.mul(grads.entry!, own));
        return compareGradients(rest, grads.entry!, own);
      });
      const norms = {
        data: meanOf(compared.map((one) => one.norms.data)),
        adversarial: meanOf(compared.map((one) => one.norms.adversarial)),
      };
      const mean = (name: string): Scalar => meanOf(compared.map(({ metrics }) => metrics[name]!));
      const teacherFeatures = discriminators.map(({ input }) => batch[`teacher/${input}`]!);
      return {
        means: norms,
        metrics: {
          'gradient/data': mean('gradient/data'),
          'gradient/adversarial': mean('gradient/adversarial'),
          'gradient/cosine': mean('gradient/cosine'),
          'features/student': meanOf(discriminators.map(({ name }) => meanNorm(entries[name]!))),
          'features/teacher': meanOf(teacherFeatures.map(meanNorm)),
        },
      };
    },
    remember(state, norms) {
      const before = subtree(state, 'balancer');
      const averaged = { data: norms.data as Scalar, adversarial: norms.adversarial as Scalar };
      const memory = memoryFrom(originOf('balancer', setup.balancer), 'next', before, () =>
        setup.balancer.next(before, averaged),
      );
      return prefixTree('balancer', memory);
    },
  });
}

/** What the student's loss from a discriminator is computed from. */
interface Given {
  readonly state: Tree;
  readonly batch: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
}

/** onStudent: D on the student's features after dropout. D is applied to the teacher's where they are needed. */
function lossContextOf(
  origin: string,
  attached: AttachedDiscriminator,
  { state, batch, hyper, context }: Given,
  onStudent: AppliedDiscriminator,
  condition: Tensor | null,
): AdversarialLossContext {
  let computed: AppliedDiscriminator | null = null;
  const onTeacher = (): AppliedDiscriminator =>
    (computed ??= applyDiscriminator(
      attached,
      discriminatorVariables(attached, state),
      batch[`teacher/${attached.input}`]!,
      context,
      condition,
    ));
  return objectiveContext(`${attached.name}/adversarial-loss`, hyper, context, {
    get onTeacher() {
      return onTeacher().outputs.logits;
    },
    get hiddenOnTeacher() {
      return hiddenOf(attached, onTeacher());
    },
    get hiddenOnStudent() {
      return receivedTree(origin, hiddenOf(attached, onStudent));
    },
  });
}

/**
 * Everything that is trained beside the student: the discriminators' adapters, and the auxiliary layers of the terms.
 */
export const adversarialAuxiliaryLayers = ({
  discriminators,
  terms = [],
}: AdversarialSetup): Record<string, AuxiliaryLayer> => ({
  ...Object.fromEntries(
    discriminators.flatMap((attached) => (attached.adapter ? [[adapterOf(attached), attached.adapter]] : [])),
  ),
  ...auxiliaryLayersOf(terms),
});

/** Mean Euclidean norm of the samples. x: [B, …]. */
const meanNorm = (x: Tensor): Scalar =>
  tf.mean(tf.sqrt(tf.sum(tf.square(tf.reshape(x, [x.shape[0], -1])), 1)));
