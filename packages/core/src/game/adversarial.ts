import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff.js';
import { agreement, areaUnderCurve } from '../losses.js';
import type { ClassifierOutputs, Context, DiscriminatorOutputs, Network } from '../network.js';
import type { AdversarialLoss, Balancer, DataTerm, Regularizer } from '../objective.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Phase, Step } from '../step.js';
import { prefixTree, subtree, type Tree } from '../tree.js';
import { compareGradients } from './compare-gradients.js';
import { asState, playerNames, playerOf } from './names.js';
import { studentPhase } from './student-phase.js';

/** Where the mask of the adversarial sample sits. */
export type DropoutPosition =
  /** On the features that enter D in the student's phase; the data term sees undropped logits (the paper). */
  | 'adversarial-sample'
  /** Inside the student, before the logits: the data term sees it too. */
  | 'inside-student';

/** The rules of the game: everything in Eq. 8 that can be replaced. */
export interface Game {
  readonly student: Network<ClassifierOutputs>;
  readonly discriminator: Network<DiscriminatorOutputs>;
  /** What D looks at: `features`, `logits` or a named tap of both players, [B, d]. */
  readonly input: string;
  readonly dataTerm: DataTerm;
  readonly adversarialLoss: AdversarialLoss;
  readonly regularizers: readonly Regularizer[];
  /** `joint`: in D's loss. `separate`: an update of its own after D's. */
  readonly regularizerUpdate: 'joint' | 'separate';
  readonly balancer: Balancer;
  readonly dropout: { readonly rate: number; readonly position: DropoutPosition };
  readonly optimizers: { readonly student: Optimizer; readonly discriminator: Optimizer };
}

export const adversarialPhases = {
  discriminator: 'discriminator',
  regularizer: 'regularizer',
  student: 'student',
} as const;

/** Inverted dropout with a mask drawn by name: both phases of a step see the same mask. x: [B, d]. */
function drop(context: Context, x: Tensor, rate: number): Tensor {
  if (rate === 0) return x;
  const keep = 1 - rate;
  const mask = context.noise('adversarial/dropout', x.shape, { kind: 'bernoulli', keep });
  return tf.mul(x, tf.div(mask, keep));
}

const probability = (logits: Tensor): Scalar => tf.mean(tf.sigmoid(logits));

/**
 * D's move. Teacher features are labelled 1, student features 0; no dropout (Eq. 2, maximised by D, so its
 * negative is minimised here). The student is in training mode and fixed; its statistics are not kept.
 */
function discriminatorPhase(
  game: Game,
  parts: { name: string; plays: boolean; regularizes: boolean },
): Phase {
  const player = playerNames.discriminator;
  return {
    name: parts.name,
    gradients(state, batch, _hyper, context) {
      const { params, stats } = playerOf(state, player);
      const seen = game.student.apply(playerOf(state, playerNames.student), batch.images!, context);
      const student = seen.outputs[game.input]!; // [B, d]
      const teacher = batch[`teacher/${game.input}`]!; // [B, d]
      const found = valueAndGradients((trained) => {
        const first = game.discriminator.apply({ params: trained, stats }, teacher, context);
        const second = game.discriminator.apply({ params: trained, stats: first.stats }, student, context);
        const [onTeacher, onStudent] = [first.outputs.logits, second.outputs.logits];
        const terms: Scalar[] = parts.plays ? [game.adversarialLoss.discriminator(onTeacher, onStudent)] : [];
        const penalties = (parts.regularizes ? game.regularizers : []).map((regularizer) =>
          regularizer.penalty({
            params: trained,
            onTeacher,
            onStudent,
            teacher,
            student,
            dropped: drop(context, student, game.dropout.rate),
            discriminate: (x) =>
              game.discriminator.apply({ params: trained, stats }, x, context).outputs.logits,
          }),
        );
        const loss = [...terms, ...penalties].reduce((sum, term) => tf.add(sum, term));
        return {
          loss,
          aux: {
            ...prefixTree('stats', second.stats),
            onTeacher,
            onStudent,
            penalty: penalties.reduce((sum, term) => tf.add(sum, term), tf.scalar(0)),
          },
        };
      }, params);
      const { onTeacher, onStudent, penalty } = found.aux;
      const metrics: Tree<Scalar> = parts.plays
        ? {
            'loss/discriminator': found.loss,
            dTeacher: probability(onTeacher!),
            dStudent: probability(onStudent!),
            auc: areaUnderCurve(onTeacher!, onStudent!),
          }
        : {};
      return {
        grads: found.grads,
        stats: asState<Tensor>(player, { stats: subtree(found.aux, 'stats') }),
        metrics: parts.regularizes ? { ...metrics, 'loss/regularizer': penalty as Scalar } : metrics,
      };
    },
    update(state, grads, hyper) {
      const { params, slots } = playerOf(state, player);
      const updated = game.optimizers.discriminator.update(
        grads,
        slots,
        params,
        hyper['discriminator/learningRate']!,
      );
      return asState<Tensor>(player, updated);
    },
  };
}

/**
 * The student's move. Its features go through dropout into the fixed D and are judged as if they came from
 * the teacher; λ times the data term pulls its logits (Eq. 4).
 */
function adversarialStudentPhase(game: Game): Phase {
  const { rate, position } = game.dropout;
  const dropsInside = position === 'inside-student';
  /** The student's loss from what D sees. entry: [B, d] -> D's logits and the scalar. */
  const deceive = (state: Tree, context: Context, entry: Tensor): { onDropped: Tensor; loss: Scalar } => {
    const sample = dropsInside ? entry : drop(context, entry, rate);
    const fixed = playerOf(state, playerNames.discriminator);
    const onDropped = game.discriminator.apply(fixed, sample, context).outputs.logits;
    return { onDropped, loss: game.adversarialLoss.student(onDropped) };
  };
  const weightOf = (state: Tree, hyper: Tree<Scalar>): Scalar =>
    tf.mul(hyper.adversarial!, game.balancer.weight(subtree(state, 'balancer')));

  return studentPhase({
    student: game.student,
    optimizer: game.optimizers.student,
    ...(dropsInside && {
      lens: (context: Context): Context => ({
        training: context.training,
        noise: (name, shape, law) => context.noise(name, shape, law),
        activation: (name, x) => context.activation(name, name === 'features' ? drop(context, x, rate) : x),
      }),
    }),
    objective({ outputs, state, batch, hyper, context }) {
      const entry = outputs[game.input]!;
      const told = batch['teacher/logits']!;
      const adversarial = deceive(state, context, entry);
      const data = game.dataTerm.loss(outputs.logits, told);
      return {
        loss: tf.add(tf.mul(data, hyper.lambda!), tf.mul(adversarial.loss, weightOf(state, hyper))),
        metrics: {
          'loss/data': data,
          'loss/adversarial': adversarial.loss,
          dDropped: probability(adversarial.onDropped),
          agreement: agreement(outputs.logits, told),
        },
        aux: { entry },
        watch: { entry },
      };
    },
    after({ state, batch, hyper, context }, { aux, watched }) {
      const entry = aux.entry!; // [B, d]
      const { grads } = valueAndGradients(
        (leaves) => ({ loss: deceive(state, context, leaves.entry!).loss }),
        {
          entry,
        },
      );
      const weight = weightOf(state, hyper);
      const felt = tf.mul(grads.entry!, weight);
      const data = tf.sub(watched.entry!, felt); // what is left of the total is λ · data
      const { norms, metrics } = compareGradients(data, grads.entry!, weight);
      const memory = game.balancer.next(subtree(state, 'balancer'), norms);
      return {
        stats: prefixTree('balancer', memory),
        metrics: {
          ...metrics,
          'features/student': meanNorm(entry),
          'features/teacher': meanNorm(batch[`teacher/${game.input}`]!),
        },
      };
    },
  });
}

/** Mean Euclidean length of the rows. x: [B, d]. */
const meanNorm = (x: Tensor): Scalar => tf.mean(tf.sqrt(tf.sum(tf.square(x), 1)));

/**
 * The min-max step of the paper's Section 3: D's phase, then the student's.
 *
 * Both phases run the student forward on the same variables; a compiling backend merges the two, and
 * nothing here nests one player's gradients in the other's.
 */
export function adversarialStep(game: Game): Step {
  const joint = game.regularizerUpdate === 'joint';
  const phases: Phase[] = [
    discriminatorPhase(game, { name: adversarialPhases.discriminator, plays: true, regularizes: joint }),
  ];
  if (!joint) {
    phases.push(
      discriminatorPhase(game, { name: adversarialPhases.regularizer, plays: false, regularizes: true }),
    );
  }
  phases.push(adversarialStudentPhase(game));
  const { optimizers, dropout } = game;
  const id = JSON.stringify({
    kind: 'adversarial',
    students: game.student.name,
    discriminator: game.discriminator.name,
    input: game.input,
    dataTerm: game.dataTerm.name,
    adversarialLoss: game.adversarialLoss.name,
    regularizers: game.regularizers.map(({ name }) => name),
    joint,
    balancer: game.balancer.name,
    dropout,
    optimizers: [optimizers.student.id, optimizers.discriminator.id],
  });
  return { id, phases };
}
