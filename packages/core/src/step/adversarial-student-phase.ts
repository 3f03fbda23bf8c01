import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import { agreement } from '../losses/losses.js';
import type { ClassifierOutputs, Context } from '../contracts/network.js';
import type { Phase } from '../contracts/step.js';
import { prefixTree, subtree, type Tree } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';
import { compareGradients } from './compare-gradients.js';
import {
  adapterOf,
  classCrossEntropy,
  conditionFrom,
  applyDiscriminator,
  meanOf,
  discriminatorVariables,
  type AttachedDiscriminator,
} from './attached-discriminator.js';
import { dropoutMaskName, probability } from './discriminator-phase.js';
import { invertedDropout, withActivationDropout, STUDENT_DROPOUT_MASK } from './dropout.js';
import { applyAuxiliary, studentPhase, type AuxiliaryLayer } from './student-phase.js';
import { auxiliaryLayersOf, sumOfTerms } from './terms.js';

/**
 * The student's move. What it shows goes through dropout into the fixed discriminators and is judged as if it
 * came from the teacher; λ times the data term pulls its logits (Eq. 4).
 */
export function adversarialStudentPhase(game: AdversarialSetup): Phase {
  const { discriminators: critics } = game;
  const { rate, position } = game.dropout;
  const dropsInside = position === 'inside-student';

  /** The loss of one fixed critic from what it sees, adapted. adapted: [B, …] -> D's logits and the scalar. */
  const deceive = (
    critic: AttachedDiscriminator,
    { state, context, condition }: { state: Tree; context: Context; condition: Tensor | null },
    adapted: Tensor,
  ): { onDropped: Tensor; loss: Scalar } => {
    const sample = dropsInside ? adapted : invertedDropout(context, dropoutMaskName(critic), adapted, rate);
    const asked = critic.discriminator.conditional ? condition : null;
    const { outputs } = applyDiscriminator(
      critic,
      discriminatorVariables(critic, state),
      sample,
      context,
      asked,
    );
    const fooled = game.adversarialLoss.student(outputs.logits);
    const loss =
      outputs.classes !== undefined && asked !== null
        ? tf.add(fooled, classCrossEntropy(outputs.classes, asked))
        : fooled;
    return { onDropped: outputs.logits, loss: loss as Scalar };
  };
  const conditioned = critics.some(({ discriminator }) => discriminator.conditional);
  const conditionIn = (batch: Tree, outputs: ClassifierOutputs): Tensor | null =>
    conditioned ? conditionFrom(game.condition, batch, outputs) : null;
  const weightOf = (state: Tree, hyper: Tree<Scalar>): Scalar =>
    tf.mul(hyper.adversarial!, game.balancer.weight(subtree(state, 'balancer')));

  return studentPhase({
    student: game.student,
    optimizer: game.optimizers.student,
    auxiliaryLayers: adversarialAuxiliaryLayers(game),
    ...(dropsInside && {
      wrapContext: (context: Context) =>
        withActivationDropout(context, 'features', STUDENT_DROPOUT_MASK, rate),
    }),
    objective(situation) {
      const { outputs, state, batch, hyper, context } = situation;
      const told = batch['teacher/logits']!;
      const condition = conditionIn(batch, outputs);
      const verdicts = critics.map((critic) => {
        const shown = outputs[critic.input]!;
        const adapted = critic.adapter ? situation.auxiliary(adapterOf(critic), shown) : shown;
        return deceive(critic, { state, context, condition }, adapted);
      });
      const adversarial = verdicts
        .map(({ loss }, i) => tf.mul(loss, critics[i]!.weight))
        .reduce((sum, loss) => tf.add(sum, loss)) as Scalar;
      const data = game.dataTerm.loss(outputs.logits, told);
      const objective = tf.add(tf.mul(data, hyper.lambda!), tf.mul(adversarial, weightOf(state, hyper))); // Eq. 4
      const more = game.terms?.length ? sumOfTerms(game.terms, situation) : null;
      const entries = Object.fromEntries(critics.map((critic) => [critic.name, outputs[critic.input]!]));
      return {
        loss: (more === null ? objective : tf.add(objective, more.loss)) as Scalar,
        metrics: {
          ...more?.metrics,
          'loss/data': data,
          'loss/adversarial': adversarial,
          'discriminator/dropped': meanOf(verdicts.map(({ onDropped }) => probability(onDropped))),
          agreement: agreement(outputs.logits, told),
        },
        aux: { ...prefixTree('entry', entries), ...(condition && { condition }) },
        watch: entries,
      };
    },
    after({ state, batch, hyper, context }, { aux, watched }) {
      const weight = weightOf(state, hyper);
      const entries = subtree(aux, 'entry');
      const condition = aux.condition ?? null;
      const compared = critics.map((critic) => {
        const entry = entries[critic.name]!; // [B, …]
        const { grads } = valueAndGradients(
          (leaves) => {
            const adapted = critic.adapter
              ? applyAuxiliary(critic.adapter, adapterOf(critic), state, leaves.entry!, context)
              : leaves.entry!;
            return { loss: deceive(critic, { state, context, condition }, adapted).loss };
          },
          { entry },
        );
        const own = tf.mul<Scalar>(weight, critic.weight);
        // What is left of the total is the data term's, the other terms' and, deeper in, the other critics'.
        const rest = tf.sub(watched[critic.name]!, tf.mul(grads.entry!, own));
        return compareGradients(rest, grads.entry!, own);
      });
      const norms = {
        data: meanOf(compared.map((one) => one.norms.data)),
        adversarial: meanOf(compared.map((one) => one.norms.adversarial)),
      };
      const memory = game.balancer.next(subtree(state, 'balancer'), norms);
      const mean = (name: string): Scalar => meanOf(compared.map(({ metrics }) => metrics[name]!));
      return {
        stats: prefixTree('balancer', memory),
        metrics: {
          'gradient/data': mean('gradient/data'),
          'gradient/adversarial': mean('gradient/adversarial'),
          'gradient/cosine': mean('gradient/cosine'),
          'features/student': meanOf(critics.map(({ name }) => meanNorm(entries[name]!))),
          'features/teacher': meanOf(critics.map(({ input }) => meanNorm(batch[`teacher/${input}`]!))),
        },
      };
    },
  });
}

/** What is trained beside the student: the critics' adapters, and what the further terms bring. */
export const adversarialAuxiliaryLayers = ({
  discriminators: critics,
  terms = [],
}: AdversarialSetup): Record<string, AuxiliaryLayer> => ({
  ...Object.fromEntries(
    critics.flatMap((critic) => (critic.adapter ? [[adapterOf(critic), critic.adapter]] : [])),
  ),
  ...auxiliaryLayersOf(terms),
});

/** Mean Euclidean length of the samples. x: [B, …]. */
const meanNorm = (x: Tensor): Scalar =>
  tf.mean(tf.sqrt(tf.sum(tf.square(tf.reshape(x, [x.shape[0], -1])), 1)));
