import { Method, type MethodEnvironment, type Parts, type Stage } from '@anc/core';
import { z } from 'zod';
import { optimizerOption, part, withDeprecatedNames } from '../options/index.js';
import { generatorStage } from '../stages/generator-stage.js';
import { termStage } from '../stages/term-stage.js';
import { dataTerm } from '../terms/logits.js';
import { generatorOptions } from './data-free.js';

/** The options of `data-free`, and the share of real images. */
export const fewImagesSchema = withDeprecatedNames(
  z.strictObject({
    ...generatorOptions,
    imageShare: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('share of the images of the data in what the student is shown; the others are generated'),
  }),
  {},
);

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

  constructor(
    readonly options: FewImagesOptions,
    readonly parts: Parts,
  ) {
    super();
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { imageShare, ...options } = this.options;
    return [generatorStage(options, { name: this.name, imageShare }, this.parts, environment)];
  }
}

/** Options of the control: those of the student. */
export const imagesAloneSchema = withDeprecatedNames(
  z.strictObject({
    optimizer: optimizerOption,
    studentTerm: part({ name: 'l1', centered: true }).describe(
      'data term that the student minimizes: distance of its logits to the teacher',
    ),
  }),
  {},
);

export type ImagesAloneOptions = z.infer<typeof imagesAloneSchema>;

/** The control: the same student term on images of the data alone, in batches of the same size. */
export class ImagesAloneMethod extends Method {
  readonly name = 'few-images-alone';
  readonly labels = 'never';
  readonly needsTeacher = true;

  constructor(
    readonly options: ImagesAloneOptions,
    readonly parts: Parts,
  ) {
    super();
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer, studentTerm } = this.options;
    const term = dataTerm(this.parts.dataTerm(studentTerm.name, studentTerm.options));
    return [termStage({ name: this.name, environment, optimizer, terms: [{ term, weight: 1 }] })];
  }
}
