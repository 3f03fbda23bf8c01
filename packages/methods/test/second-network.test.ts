import '@tensorflow/tfjs-backend-cpu';
import {
  applyOptimizer,
  createOptimizer,
  dense,
  Method,
  modelStateOf,
  optimizerConfigSchema,
  relu,
  sequential,
  studentPhase,
  trainableParams,
  valueAndGradients,
  type MethodEnvironment,
  type OptimizerConfig,
  type Phase,
  type Stage,
} from '@anc/core';
import { methodContract } from '@anc/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initModel, initStudent, learningRate, progressShare, studentVariables } from '../src/index.js';

/** Name of the second network in the training state. */
const ESTIMATOR = 'estimator';

/**
 * A method with a second network of its own, written with exported functions alone: an estimator T of the mutual
 * information of student and teacher features, E T(s, t) - log E exp T(s, t') with t' the teacher's features of another
 * image of the batch (Belghazi 2018, MINE, Eq. 10). T and the student both maximize it.
 */
class MutualInformationMethod extends Method {
  readonly name = 'mutual-information';
  readonly labels = 'never';
  readonly needsTeacher = true;

  constructor(readonly optimizer: OptimizerConfig) {
    super();
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const optimizer = createOptimizer(this.optimizer);
    const { student } = environment;
    const estimator = sequential(ESTIMATOR, [
      dense('hidden', { units: 8 }),
      relu('relu'),
      dense('output', { units: 1 }),
    ]);
    const width = (name: 'student' | 'teacher'): number =>
      (name === 'student' ? environment.studentOutputs : environment.teacher!.outputs).features![0]!;

    type Apply = (pairs: Tensor) => Tensor;
    const negativeInformation = (apply: Apply, own: Tensor, teacher: Tensor): Scalar => {
      const others = tf.concat([tf.slice(teacher, 1), tf.slice(teacher, 0, 1)]);
      const joint = apply(tf.concat([own, teacher], 1));
      const marginal = apply(tf.concat([own, others], 1));
      const size = Math.log(marginal.size);
      return tf.sub<Scalar>(tf.sub(tf.logSumExp(marginal), size), tf.mean(joint));
    };

    const estimatorPhase: Phase = {
      name: ESTIMATOR,
      gradients(state, batch, _hyper, context) {
        const { outputs } = student.apply(modelStateOf(state, 'student'), batch.images!, context);
        const { loss, grads } = valueAndGradients(
          (leaves) => {
            const params = Object.fromEntries(
              Object.entries(leaves).map(([name, leaf]) => [name.slice(`${ESTIMATOR}/params/`.length), leaf]),
            );
            const apply: Apply = (x) => estimator.apply({ params, stats: {} }, x, context).output;
            return { loss: negativeInformation(apply, outputs.features, batch['teacher/features']!) };
          },
          trainableParams(state, [ESTIMATOR]),
        );
        return { grads, stats: {}, metrics: { [`loss/${ESTIMATOR}`]: loss } };
      },
      update: (state, grads, hyper) =>
        applyOptimizer(state, grads, [ESTIMATOR], optimizer, hyper['estimator/learningRate']!),
    };

    const phase = studentPhase({
      student,
      optimizer,
      objective({ outputs, state, batch, context }) {
        const apply: Apply = (x) => estimator.apply(modelStateOf(state, ESTIMATOR), x, context).output;
        const loss = negativeInformation(apply, outputs.features, batch['teacher/features']!);
        return { loss, metrics: { 'loss/information': loss } };
      },
    });

    return [
      {
        name: this.name,
        teacherOutputs: ['features'],
        usesLabels: false,
        step: { id: `mutual-information(${student.name}, ${optimizer.id})`, phases: [estimatorPhase, phase] },
        init: (rng, previous) => ({
          ...initStudent(environment, optimizer, rng, previous),
          ...initModel(ESTIMATOR, estimator, optimizer, rng, [width('student') + width('teacher')]),
        }),
        next: (progress) => ({
          phases: [ESTIMATOR, 'student'],
          hyper: {
            'student/learningRate': learningRate(this.optimizer, progress),
            'estimator/learningRate': learningRate(this.optimizer, progress),
            progress: progressShare(progress),
          },
        }),
        student: studentVariables,
      },
    ];
  }
}

describe('a method with a second network of its own', () => {
  const optimizer = optimizerConfigSchema.parse({ learningRate: 0.05, schedule: { kind: 'constant' } });
  methodContract({ describe, it, expect }, () => new MutualInformationMethod(optimizer), { steps: 16 });
});
