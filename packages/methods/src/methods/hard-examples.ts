import { Method, type MethodEnvironment, type Parts, type Stage } from '@anc/core';
import { z } from 'zod';
import { optimizerOption, part } from '../options/index.js';
import { hardExampleStage, type HardExampleOptions } from '../stages/hard-example-stage.js';

const shared = {
  optimizer: optimizerOption,
  studentTerm: part({ name: 'l1', centered: true }).describe(
    'data term that the student minimizes: distance of its logits to the teacher, on images and on hard examples',
  ),
  discrepancy: part('l1').describe('what hard examples maximize: match it to studentTerm'),
  radius: z
    .number()
    .positive()
    .max(255)
    .default(8)
    .describe('largest change of a pixel, of 255 (8: the usual ball of CIFAR-10)'),
};

/** Options of the control: a ball without a search in it. */
export const randomExamplesSchema = z.strictObject(shared);

/** The same, and how the ball is searched. */
export const hardExamplesSchema = z.strictObject({
  ...shared,
  steps: z.number().int().min(1).max(100).default(3).describe('steps of projected gradient ascent'),
  stepSize: z
    .number()
    .positive()
    .optional()
    .describe('change of a pixel in a step; default: 2.5 · radius / steps (Madry 2018, Section 5)'),
});

/** Options of `HardExamplesMethod`. */
export type HardExamplesOptions = Omit<HardExampleOptions, 'steps'> & { readonly steps?: number | undefined };

/**
 * Distillation on few images, or on images of another domain, and on hard examples around them: half of every batch are
 * images, the others are changed within a ball so that student and teacher differ most (projected gradient ascent, Madry
 * 2018; see `hardExampleStep` for what follows which paper). No label is read.
 */
export class HardExamplesMethod extends Method {
  readonly name: string;
  readonly labels = 'never';
  readonly needsTeacher = true;

  readonly #stage: (environment: MethodEnvironment) => Stage;

  constructor({ steps = 0, ...options }: HardExamplesOptions, parts: Parts, name = 'few-images-hard') {
    super();
    this.name = name;
    this.#stage = (environment) => hardExampleStage(name, { ...options, steps }, parts, environment);
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    return [this.#stage(environment)];
  }
}

/** The control: each image is changed to a random corner of its ball, as much as a hard example at the most. */
export const randomExamples = (options: HardExamplesOptions, parts: Parts): HardExamplesMethod =>
  new HardExamplesMethod(options, parts, 'few-images-random');
