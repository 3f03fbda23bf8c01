import {
  AncError,
  createOptimizer,
  hardExampleStep,
  learningRateOf,
  teacherEntries,
  type MethodEnvironment,
  type OptimizerConfig,
  type Parts,
  type Stage,
} from '@anc/core';
import type { NamedPart } from '../options/index.js';
import { initStudent, studentVariables } from './initial-state.js';
import { requireNetwork } from './teacher-network.js';
import { progressShare } from './term-stage.js';

/** Half of a batch are images of the data, the others are made around them. */
const SHARE = 0.5;

/** What a stage on hard examples is made of. */
export interface HardExampleOptions {
  /** How the student is optimized. */
  readonly optimizer: OptimizerConfig;
  /** What is maximized within the ball. */
  readonly discrepancy: NamedPart;
  /** Data term that the student minimizes. */
  readonly studentTerm: NamedPart;
  /** Radius of the ball, in units of bytes. */
  readonly radius: number;
  /** Steps of gradient ascent; 0: random corners of the ball. */
  readonly steps: number;
  /** Change of a pixel in a step; default: 2.5 radii over all steps. */
  readonly stepSize?: number | undefined;
}

/** A stage in which the student sees images and hard examples around them, one of each image. */
export function hardExampleStage(
  name: string,
  options: HardExampleOptions,
  parts: Parts,
  environment: MethodEnvironment,
): Stage {
  const { optimizers, task, student, batchSize = 64 } = environment;
  requireEven(name, batchSize);
  const { radius, steps, stepSize = (2.5 * radius) / Math.max(1, steps) } = options;
  const optimizer = createOptimizer(options.optimizer, optimizers);
  const rate = learningRateOf(options.optimizer, optimizers);
  const dataTerm = parts.dataTerm(options.studentTerm.name, options.studentTerm.options);
  return {
    name: 'hard-examples',
    teacherOutputs: [...new Set(['logits', ...(dataTerm.teacherOutputs ?? [])])],
    usesLabels: false,
    imageShare: SHARE,
    appliesTeacher: true,
    step: hardExampleStep({
      student,
      teacher: requireNetwork(name, environment),
      ...(task && { task }),
      dataTerm,
      discrepancy: parts.discrepancy(options.discrepancy.name, options.discrepancy.options),
      radius,
      steps,
      stepSize,
      optimizer,
    }),
    init: (rng, previous, teacher) => ({
      ...initStudent(environment, optimizer, rng, previous),
      ...teacherEntries(teacher),
    }),
    next: (progress) => ({
      phases: ['student'],
      hyper: { 'student/learningRate': rate(progress), progress: progressShare(progress), lambda: 1 },
    }),
    student: studentVariables,
  };
}

/** Throws `ANC_CONFIG` for batches that are not of pairs of an image and its hard example. */
function requireEven(method: string, batchSize: number): void {
  if (batchSize >= 2 && batchSize % 2 === 0) return;
  throw new AncError('ANC_CONFIG', `method "${method}" needs batches of an even number of images.`, {
    expected: 'an even --batch-size: half of it are images, the others are made around them',
    received: `${batchSize}`,
  });
}
