import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { valueAndGradients } from '../autodiff/autodiff.js';
import type { Context } from '../contracts/network.js';
import type { AdversarialLossContext, RegularizerContext } from '../contracts/objective.js';
import { originOf } from '../contracts/origin.js';
import type { Phase } from '../contracts/step.js';
import { areaUnderCurve } from '../losses/metrics.js';
import { produced, received, receivedTree } from '../finite/produced.js';
import { mergeTrees, prefixTree, subtree, type Tree } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';
import {
  applyDiscriminator,
  classCrossEntropy,
  conditionFrom,
  discriminatorInputOf,
  discriminatorVariables,
  dropoutMaskName,
  hiddenOf,
  meanOf,
  perSample,
  probability,
  type AppliedDiscriminator,
  type AttachedDiscriminator,
} from './attached-discriminator.js';
import { memoryFrom, scalarFrom } from './component-result.js';
import { invertedDropout, STUDENT_DROPOUT_MASK, withActivationDropout } from './dropout.js';
import { blamed } from './network-result.js';
import { modelNames, modelStateOf, toStateEntries } from './model-state.js';
import { objectiveContext } from './objective-context.js';
import { hasMemory, memoryName } from './regularizer-memory.js';
import { applyOptimizer, producedGradients, trainableParams } from './student-phase.js';

/** What one phase of the discriminators minimizes. */
export interface DiscriminatorPhaseOptions {
  /** Name of the phase, unique in its step. */
  readonly name: string;
  /** The adversarial loss, and the class cross-entropy of auxiliary classifiers. */
  readonly adversarialLoss: boolean;
  /** Whether the regularizers' penalties are part of its loss. */
  readonly regularizers: boolean;
}

/** Inputs of one discriminator. */
interface Sample {
  /** Teacher features [B, …]. */
  readonly teacher: Tensor;
  /** Student features, undropped, adapted [B, …]. */
  readonly student: Tensor;
  readonly condition: Tensor | null;
  /** The student features as the student's phase of this step passes them to D; computed on request. */
  dropped(): Tensor;
}

/**
 * D's phase. Teacher features are labeled 1 and student features 0, without dropout (Eq. 2, which D maximizes; its
 * negative is minimized here). The student runs in training mode with constant parameters; its new statistics are not
 * kept.
 *
 * Several discriminators are updated at once: their losses share no parameters.
 */
export function discriminatorPhase(setup: AdversarialSetup, options: DiscriminatorPhaseOptions): Phase {
  const names = setup.discriminators.map(({ name }) => name);
  return {
    name: options.name,
    gradients(state, batch, hyper, context) {
      const variables = modelStateOf(state, modelNames.student);
      const what = originOf('model', setup.student);
      const { outputs } = blamed(what, () => setup.student.apply(variables, batch.images!, context));
      for (const [output, value] of Object.entries(outputs))
        produced(`${what} returned an output "${output}" that is`, value);
      const samples = setup.discriminators.map((attached): Sample => {
        const student = discriminatorInputOf(attached, state, outputs, context);
        return {
          teacher: batch[`teacher/${attached.input}`]!,
          student,
          dropped: () => droppedSample(setup, attached, { state, batch, context }, student),
          condition: attached.discriminator.conditional
            ? conditionFrom(setup.condition, batch, outputs)
            : null,
        };
      });
      const found = valueAndGradients(
        (leaves) => {
          const results = setup.discriminators.map((attached, i) => {
            const params = subtree(leaves, `${attached.name}/params`);
            return discriminatorLoss(
              setup,
              options,
              attached,
              { params, state, hyper, context },
              samples[i]!,
            );
          });
          return {
            loss: results.map(({ loss }) => loss).reduce((sum, loss) => tf.add(sum, loss)),
            aux: {
              penalty: results.map(({ penalty }) => penalty).reduce((sum, term) => tf.add(sum, term)),
              ...mergeTrees(...results.map(({ aux }) => aux)),
            },
          };
        },
        trainableParams(state, names),
      );
      for (const { name, discriminator } of setup.discriminators)
        producedGradients(found.grads, name, originOf('discriminator', discriminator));
      return {
        grads: found.grads,
        stats: setup.frozen === true ? {} : subtree(found.aux, 'stats'),
        metrics: {
          [`loss/${options.name}`]: found.loss,
          ...(options.adversarialLoss ? discriminatorMetrics(names, found.aux) : {}),
          ...(options.regularizers ? { 'loss/regularizer': found.aux.penalty as Scalar } : {}),
        },
      };
    },
    update: (state, grads, hyper) =>
      setup.frozen === true
        ? {}
        : applyOptimizer(
            state,
            grads,
            names,
            setup.optimizers.discriminator,
            hyper['discriminator/learningRate']!,
          ),
  };
}

/**
 * The student features that the student's phase will pass to a discriminator, under the same mask. student: what the
 * discriminator takes of the student, undropped.
 */
function droppedSample(
  setup: AdversarialSetup,
  attached: AttachedDiscriminator,
  { state, batch, context }: { state: Tree; batch: Tree; context: Context },
  student: Tensor,
): Tensor {
  const { rate, position } = setup.dropout;
  if (position === 'adversarial-sample')
    return invertedDropout(context, dropoutMaskName(attached), student, rate);
  const inside = withActivationDropout(context, 'features', STUDENT_DROPOUT_MASK, rate);
  const variables = modelStateOf(state, modelNames.student);
  const { outputs } = setup.student.apply(variables, batch.images!, inside);
  return discriminatorInputOf(attached, state, outputs, context);
}

/** What one discriminator's loss is computed from, besides its samples. */
interface Given {
  /** D's trained parameters. */
  readonly params: Tree;
  readonly state: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
}

/** One discriminator's loss: adversarial loss, class cross-entropy where it classifies, regularizers. */
function discriminatorLoss(
  setup: AdversarialSetup,
  options: DiscriminatorPhaseOptions,
  attached: AttachedDiscriminator,
  given: Given,
  sample: Sample,
): { loss: Scalar; penalty: Scalar; aux: Tree } {
  const { params, state, context } = given;
  const { teacher, student, condition } = sample;
  const { stats } = discriminatorVariables(attached, state);
  const first = applyDiscriminator(attached, { params, stats }, teacher, context, condition);
  const between = { ...stats, ...first.stats };
  const second = applyDiscriminator(attached, { params, stats: between }, student, context, condition);
  const [onTeacher, onStudent] = [first.outputs.logits, second.outputs.logits];
  const terms: Scalar[] = [];
  if (options.adversarialLoss) {
    const origin = originOf('adversarial loss', setup.adversarialLoss);
    const own = lossContext(origin, attached, given, first, second);
    const sample = received(origin, "the discriminator's logits", onStudent);
    terms.push(
      scalarFrom(origin, 'discriminator', () =>
        setup.adversarialLoss.discriminator(own.onTeacher, sample, own),
      ),
    );
    for (const { classes } of [first.outputs, second.outputs]) {
      if (classes !== undefined && condition !== null) terms.push(classCrossEntropy(classes, condition));
    }
  }
  const memories: Tree[] = [];
  const penalties = (options.regularizers ? setup.regularizers : []).map((regularizer, i) => {
    const name = memoryName(attached.name, i);
    const origin = originOf('regularizer', regularizer);
    const regularized = regularizerContext(origin, attached, name, given, sample, first, second);
    const penalty = scalarFrom(origin, 'penalty', () => regularizer.penalty(regularized));
    if (hasMemory(regularizer)) {
      const next = memoryFrom(origin, 'next', regularized.memory, () => regularizer.next(regularized));
      memories.push(prefixTree(name, next));
    }
    return penalty;
  });
  const penalty = penalties.reduce((sum, term) => tf.add(sum, term), tf.scalar(0));
  return {
    loss: terms.reduce((sum, term) => tf.add(sum, term), penalty),
    penalty,
    aux: {
      ...prefixTree('stats', toStateEntries<Tensor>(attached.name, { stats: second.stats })),
      ...prefixTree('stats', mergeTrees(...memories)),
      [`onTeacher/${attached.name}`]: onTeacher,
      [`onStudent/${attached.name}`]: onStudent,
    },
  };
}

function lossContext(
  origin: string,
  attached: AttachedDiscriminator,
  { hyper, context }: Given,
  onTeacher: AppliedDiscriminator,
  onStudent: AppliedDiscriminator,
): AdversarialLossContext {
  return objectiveContext(`${attached.name}/adversarial-loss`, hyper, context, {
    onTeacher: received(origin, "the discriminator's logits", onTeacher.outputs.logits),
    get hiddenOnTeacher() {
      return receivedTree(origin, hiddenOf(attached, onTeacher));
    },
    get hiddenOnStudent() {
      return receivedTree(origin, hiddenOf(attached, onStudent));
    },
  });
}

/** name: of the regularizer's memory and noise. */
function regularizerContext(
  origin: string,
  attached: AttachedDiscriminator,
  name: string,
  { params, state, hyper, context }: Given,
  { teacher, student, condition, dropped }: Sample,
  onTeacher: AppliedDiscriminator,
  onStudent: AppliedDiscriminator,
): RegularizerContext {
  const { stats } = discriminatorVariables(attached, state);
  const apply = (x: Tensor): AppliedDiscriminator =>
    applyDiscriminator(attached, { params, stats }, x, context, condition);
  const logits = "the discriminator's logits";
  return objectiveContext(name, hyper, context, {
    params: receivedTree(origin, params),
    onTeacher: received(origin, logits, onTeacher.outputs.logits),
    onStudent: received(origin, logits, onStudent.outputs.logits),
    teacher,
    student,
    get hiddenOnTeacher() {
      return receivedTree(origin, hiddenOf(attached, onTeacher));
    },
    get hiddenOnStudent() {
      return receivedTree(origin, hiddenOf(attached, onStudent));
    },
    get dropped() {
      return dropped();
    },
    memory: subtree(state, name),
    discriminate: (x: Tensor) => received(origin, logits, apply(x).outputs.logits),
    hidden: (x: Tensor) => receivedTree(origin, hiddenOf(attached, apply(x))),
  });
}

/**
 * How well D tells teacher from student: means over the discriminators, and the AUC of each where there are several.
 * names: of the discriminators; aux: D's logits on the teacher's and the student's features, by these names.
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
