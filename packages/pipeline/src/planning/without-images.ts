import { AncError } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import { aboutOption } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';
import { isGiven } from '../options/given-model.js';
import { shapeOfTeacher } from './suited-dataset.js';

/** The data that the built-in teacher is trained on. */
const BUILT_IN = { name: 'glyphs', options: {} };
const SIDES = ['height', 'width', 'channels'] as const;

/**
 * The options of a run without images: the dataset `none` in the shape of a given teacher's images, as its file says it
 * where the caller does not. A teacher that is trained in the run needs images: those of the generated dataset, on whose
 * test images the students are measured, too. Throws `ANC_USAGE` where nothing says the shape.
 */
export async function withoutImages(
  options: RunOptions,
  isFunction: boolean,
  composition: Composition,
  notice: (text: string) => void,
): Promise<RunOptions> {
  const { data, teacher } = options;
  if (!isFunction && !isGiven(teacher.model)) {
    notice(
      `the teacher is trained on ${BUILT_IN.name}, and all models are measured on its test images; methods that make their images see none of them.`,
    );
    return { ...options, data: { ...data, dataset: BUILT_IN } };
  }
  const open = SIDES.filter((side) => !Object.hasOwn(data.dataset.options, side));
  if (open.length === 0 || isFunction) return options;
  const { shape, source } = await shapeOfTeacher(teacher.model, composition);
  const unknown = open.filter((side) => shape[SIDES.indexOf(side)] === null);
  await aboutOption(['data', 'dataset'], () => {
    if (unknown.length === 0) return;
    throw new AncError('ANC_USAGE', 'the shape of the images that the teacher takes is not known.', {
      expected: `${unknown.join(', ')}, e.g. --dataset "none(height=32,width=32,channels=3)"`,
      received: `${source}, which leaves it open`,
    });
  });
  const taken = Object.fromEntries(open.map((side) => [side, shape[SIDES.indexOf(side)]]));
  notice(`images are generated in the shape ${shape.join('×')}: ${source}.`);
  return {
    ...options,
    data: { ...data, dataset: { name: 'none', options: { ...data.dataset.options, ...taken } } },
  };
}
