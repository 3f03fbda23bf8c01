import { Method, type MethodEnvironment, type Parts, type Stage } from '@anc/core';
import { z } from 'zod';
import { optimizerOption, part } from '../options/index.js';
import { generatorStage } from '../stages/generator-stage.js';
import { termStage } from '../stages/term-stage.js';
import { dataTerm } from '../terms/logits.js';
import { generatorOptions } from './data-free.js';

/** The options of `data-free`, and the share of real images. */
export const fewImagesSchema = z.strictObject({
  ...generatorOptions,
  imageShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('share of the images of the data in what the student is shown; the others are generated'),
});

/** Options of `FewImagesMethod`. */
export type FewImagesOptions = z.infer<typeof fewImagesSchema>;

/**
 * Distillation on few images, or on images of another domain, and on a generator's: a share of every batch, half by
 * default, is of the data, the rest is generated as in `data-free`. No label is read. The combination is ours; on images
 * of the data alone, distillation fits what the teacher says of these few and little else.
 */
export class FewImagesMethod extends Method {
  readonly name = 'few-images';
  readonly labels = 'never';
  readonly needsTeacher = true;

  readonly #stage: (environment: MethodEnvironment) => Stage;

  constructor({ imageShare, ...options }: FewImagesOptions, parts: Parts) {
    super();
    const variant = { name: this.name, imageShare };
    this.#stage = (environment) => generatorStage(options, variant, parts, environment);
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    return [this.#stage(environment)];
  }
}

/** Options of the control: those of the student. */
export const imagesAloneSchema = z.strictObject({
  optimizer: optimizerOption,
  studentTerm: part({ name: 'l1', centered: true }).describe(
    'data term that the student minimizes: distance of its logits to the teacher',
  ),
});

/** Options of `ImagesAloneMethod`. */
export type ImagesAloneOptions = z.infer<typeof imagesAloneSchema>;

/** The control: the same student term on images of the data alone, in batches of the same size. */
export class ImagesAloneMethod extends Method {
  readonly name = 'few-images-alone';
  readonly labels = 'never';
  readonly needsTeacher = true;

  readonly #stage: (environment: MethodEnvironment) => Stage;

  constructor({ optimizer, studentTerm }: ImagesAloneOptions, parts: Parts) {
    super();
    const term = dataTerm(parts.dataTerm(studentTerm.name, studentTerm.options));
    const terms = [{ term, weight: 1 }];
    this.#stage = (environment) => termStage({ name: this.name, environment, optimizer, terms });
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    return [this.#stage(environment)];
  }
}
