import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { gradientAt } from '../autodiff/autodiff.js';
import type { ClassifierOutputs, Context } from '../contracts/network.js';
import { originOf } from '../contracts/origin.js';
import type { Step } from '../contracts/step.js';
import { classification } from '../tasks/classification/classification.js';
import { mapTree, type Tree } from '../tree/tree.js';
import type { DataFreeSetup } from './data-free-setup.js';
import { applyStudent, applyTeacher, distanceBetween, samplesOf } from './generated-images.js';
import { objectiveContext } from './objective-context.js';
import { shownStudentPhase, type Shown } from './shown-student-phase.js';

/** Everything in training on hard examples around images that can be replaced. */
export interface HardExampleSetup extends Pick<
  DataFreeSetup,
  'student' | 'teacher' | 'task' | 'dataTerm' | 'discrepancy'
> {
  /** Largest change of a pixel, in units of bytes: the radius of an L∞ ball around an image. */
  readonly radius: number;
  /** Steps of projected gradient ascent; 0: a random corner of the ball, which is the control. */
  readonly steps: number;
  /** Change of a pixel in a step, in units of bytes. */
  readonly stepSize: number;
  /** How the student is updated. */
  readonly optimizer: DataFreeSetup['optimizers']['student'];
}

/**
 * Training on images and on hard examples around them: for an image x, x + δ with ‖δ‖∞ ≤ ε maximizes the discrepancy
 * D(f_t(x + δ), f_s(x + δ)) between the frozen teacher and the fixed student, by projected gradient ascent with signs from a
 * random start (Madry 2018, arXiv 1706.06083, Section 2.1). The student then minimizes the data term on both, with the
 * teacher's answer for x + δ at x + δ. As in data-free distillation, images are sought on which the two differ, in a ball around
 * each image in place of a generator's range.
 *
 * Related: virtual adversarial training (Miyato 2018, arXiv 1704.03976, Section 3.2) maximizes the divergence from the
 * network's own answer for x, adversarially robust distillation (Goldblum 2020, arXiv 1905.09747, Section 4) imitates the
 * teacher's answer for x at x + δ.
 *
 * Batch: `images` [n, H, W, C] and the teacher's outputs for them. Hyperparameters: `student/learningRate`, `lambda`
 * (weight of the data term), `progress`.
 */
export function hardExampleStep(setup: HardExampleSetup): Step {
  const { task = classification, radius, steps, stepSize } = setup;
  const id = JSON.stringify({
    kind: 'hard-examples',
    student: setup.student.name,
    teacher: setup.teacher.name,
    task: task.name,
    dataTerm: setup.dataTerm.name,
    discrepancy: setup.discrepancy.name,
    ball: [radius, steps, stepSize],
    optimizer: setup.optimizer.id,
  });
  const phase = shownStudentPhase(setup, setup.optimizer, (state, batch, hyper, context) =>
    withHardExamples(setup, state, batch, hyper, context),
  );
  return {
    id,
    phases: [phase],
    sources: {
      'loss/data': originOf('data term', setup.dataTerm),
      'loss/discrepancy': originOf('discrepancy', setup.discrepancy),
    },
  };
}

/** A batch with the hard examples after its images, and the discrepancy at random points of the balls and at these. */
function withHardExamples(
  setup: HardExampleSetup,
  state: Tree,
  batch: Tree,
  hyper: Tree<Scalar>,
  context: Context,
): Shown {
  const images = tf.cast(batch.images!, 'float32');
  const teacherOutputs = (x: Tensor): ClassifierOutputs => applyTeacher(setup, state, x, context);
  const distance = (x: Tensor, teacher = teacherOutputs(x)): Scalar =>
    discrepancyAt(setup, state, x, teacher, hyper, context);
  const start = randomPoint(setup, images, context);
  const hard = Array.from({ length: setup.steps }).reduce<Tensor>(
    (x) =>
      projected(
        tf.add(x, tf.mul(tf.sign(gradientAt((at) => distance(at), x)), setup.stepSize)),
        images,
        setup.radius,
      ),
    start,
  );
  const answers = teacherOutputs(hard);
  const made = samplesOf(setup, hard, answers);
  return {
    batch: mapTree(made, (x, name) => tf.concat([tf.cast(batch[name]!, 'float32'), x])),
    metrics: {
      'loss/discrepancy': distance(hard, answers),
      ...(setup.steps === 0 ? {} : { 'loss/discrepancy/start': distance(start) }),
    },
  };
}

/** A random point of each image's ball, or, for no steps, a random corner: as far from the image as hard examples are. */
function randomPoint({ radius, steps }: HardExampleSetup, images: Tensor, context: Context): Tensor {
  const uniform = context.noise('hard/start', images.shape, { kind: 'uniform', low: -1, high: 1 });
  return projected(tf.add(images, tf.mul(steps === 0 ? tf.sign(uniform) : uniform, radius)), images, radius);
}

/** The nearest image in the ball around another one: each pixel, in units of bytes. */
const projected = (x: Tensor, images: Tensor, radius: number): Tensor =>
  tf.clipByValue(tf.add(images, tf.clipByValue(tf.sub(x, images), -radius, radius)), 0, 255);

/** The discrepancy at x, of which the teacher says `teacher`. */
function discrepancyAt(
  setup: HardExampleSetup,
  state: Tree,
  x: Tensor,
  teacher: ClassifierOutputs,
  hyper: Tree<Scalar>,
  context: Context,
): Scalar {
  const student = applyStudent(setup, state, x, context);
  return distanceBetween(setup, student, teacher, objectiveContext('hard/discrepancy', hyper, context, {}));
}
