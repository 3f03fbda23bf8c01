import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import { areaUnderCurve } from '../losses/losses.js';
import type { Context } from '../contracts/network.js';
import type { Phase } from '../contracts/step.js';
import { mergeTrees, prefixTree, subtree, type Tree } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';
import {
  classCrossEntropy,
  conditionFrom,
  applyDiscriminator,
  meanOf,
  perSample,
  discriminatorInputOf,
  discriminatorVariables,
  type AttachedDiscriminator,
} from './attached-discriminator.js';
import { invertedDropout, withActivationDropout, STUDENT_DROPOUT_MASK } from './dropout.js';
import { toStateEntries, modelNames, modelStateOf } from './model-state.js';
import { applyOptimizer, trainableParams } from './student-phase.js';

export const probability = (logits: Tensor): Scalar => tf.mean(tf.sigmoid(logits));

/** The mask of the adversarial sample, by the critic that will see it. */
export const dropoutMaskName = (critic: AttachedDiscriminator): string => `${critic.name}/dropout`;

interface Sample {
  readonly teacher: Tensor;
  readonly student: Tensor;
  readonly condition: Tensor | null;
  /** The student's features as the student's phase of this step will show them, made when asked for. */
  dropped(): Tensor;
}

/**
 * D's move. Teacher features are labelled 1, student features 0; no dropout (Eq. 2, maximised by D, so its
 * negative is minimised here). The student is in training mode and fixed; its statistics are not kept.
 *
 * Several discriminators move at once: their losses share no parameters.
 */
export function discriminatorPhase(
  game: AdversarialSetup,
  moves: { readonly name: string; readonly plays: boolean; readonly regularizes: boolean },
): Phase {
  const players = game.discriminators.map(({ name }) => name);
  return {
    name: moves.name,
    gradients(state, batch, _hyper, context) {
      const seen = game.student.apply(modelStateOf(state, modelNames.student), batch.images!, context);
      const samples = game.discriminators.map((critic): Sample => {
        const asked = critic.discriminator.conditional;
        const student = discriminatorInputOf(critic, state, seen.outputs, context);
        return {
          teacher: batch[`teacher/${critic.input}`]!,
          student,
          dropped: () => droppedSample(game, critic, { state, batch, context }, student),
          condition: asked ? conditionFrom(game.condition, batch, seen.outputs) : null,
        };
      });
      const found = valueAndGradients(
        (trained) => {
          const verdicts = game.discriminators.map((critic, i) => {
            const params = subtree(trained, `${critic.name}/params`);
            return discriminatorLoss(game, moves, critic, { params, state, context }, samples[i]!);
          });
          return {
            loss: verdicts.map(({ loss }) => loss).reduce((sum, loss) => tf.add(sum, loss)),
            aux: {
              penalty: verdicts.map(({ penalty }) => penalty).reduce((sum, term) => tf.add(sum, term)),
              ...mergeTrees(...verdicts.map(({ aux }) => aux)),
            },
          };
        },
        trainableParams(state, players),
      );
      return {
        grads: found.grads,
        stats: game.frozen === true ? {} : subtree(found.aux, 'stats'),
        metrics: {
          [`loss/${moves.name}`]: found.loss,
          ...(moves.plays ? discriminatorMetrics(players, found.aux) : {}),
          ...(moves.regularizes ? { 'loss/regularizer': found.aux.penalty as Scalar } : {}),
        },
      };
    },
    update: (state, grads, hyper) =>
      game.frozen === true
        ? {}
        : applyOptimizer(
            state,
            grads,
            players,
            game.optimizers.discriminator,
            hyper['discriminator/learningRate']!,
          ),
  };
}

/** What the student's phase will show to a critic, under the same mask; student: what it shows undropped. */
function droppedSample(
  game: AdversarialSetup,
  critic: AttachedDiscriminator,
  { state, batch, context }: { state: Tree; batch: Tree; context: Context },
  student: Tensor,
): Tensor {
  const { rate, position } = game.dropout;
  if (position === 'adversarial-sample')
    return invertedDropout(context, dropoutMaskName(critic), student, rate);
  const inside = withActivationDropout(context, 'features', STUDENT_DROPOUT_MASK, rate);
  const seen = game.student.apply(modelStateOf(state, modelNames.student), batch.images!, inside);
  return discriminatorInputOf(critic, state, seen.outputs, context);
}

/** One discriminator's loss: the game, the class verdict where it gives one, and its regularizers. */
function discriminatorLoss(
  game: AdversarialSetup,
  moves: { readonly plays: boolean; readonly regularizes: boolean },
  critic: AttachedDiscriminator,
  { params, state, context }: { params: Tree; state: Tree; context: Context },
  { teacher, student, condition, dropped }: Sample,
): { loss: Scalar; penalty: Scalar; aux: Tree } {
  const { stats } = discriminatorVariables(critic, state);
  const first = applyDiscriminator(critic, { params, stats }, teacher, context, condition);
  const between = { ...stats, ...first.stats };
  const second = applyDiscriminator(critic, { params, stats: between }, student, context, condition);
  const [onTeacher, onStudent] = [first.outputs.logits, second.outputs.logits];
  const terms: Scalar[] = [];
  if (moves.plays) {
    terms.push(game.adversarialLoss.discriminator(onTeacher, onStudent));
    for (const { classes } of [first.outputs, second.outputs]) {
      if (classes !== undefined && condition !== null) terms.push(classCrossEntropy(classes, condition));
    }
  }
  const penalties = (moves.regularizes ? game.regularizers : []).map((regularizer) =>
    regularizer.penalty({
      params,
      onTeacher,
      onStudent,
      teacher,
      student,
      get dropped() {
        return dropped();
      },
      discriminate: (x) =>
        applyDiscriminator(critic, { params, stats }, x, context, condition).outputs.logits,
    }),
  );
  const penalty = penalties.reduce((sum, term) => tf.add(sum, term), tf.scalar(0));
  return {
    loss: terms.reduce((sum, term) => tf.add(sum, term), penalty),
    penalty,
    aux: {
      ...prefixTree('stats', toStateEntries<Tensor>(critic.name, { stats: second.stats })),
      [`onTeacher/${critic.name}`]: onTeacher,
      [`onStudent/${critic.name}`]: onStudent,
    },
  };
}

/**
 * How well D tells teacher from student: means over the discriminators, and each one's AUC where there are several.
 * names: of the discriminators; aux: D's logits on the teacher's and the student's features, by their names.
 */
function discriminatorMetrics(names: readonly string[], aux: Tree): Record<string, Scalar> {
  const each = names.map((name) => {
    const [onTeacher, onStudent] = [aux[`onTeacher/${name}`]!, aux[`onStudent/${name}`]!];
    return {
      teacher: probability(onTeacher),
      student: probability(onStudent),
      auc: areaUnderCurve(perSample(onTeacher), perSample(onStudent)),
    };
  });
  const aucs = Object.fromEntries(names.map((name, i) => [`discriminator/auc/${name}`, each[i]!.auc]));
  return {
    'discriminator/teacher': meanOf(each.map(({ teacher }) => teacher)),
    'discriminator/student': meanOf(each.map(({ student }) => student)),
    'discriminator/auc': meanOf(each.map(({ auc }) => auc)),
    ...(names.length > 1 && aucs),
  };
}
