import { findModelInRun } from '../classifier/find-model.js';
import { imageShapeOf } from '../classifier/image-shape.js';
import { fileOptions } from '../classifier/classifier-file.js';
import type { Composition } from '../composition/compose.js';
import type { StatedShape } from '../data/image-size.js';
import { sizedDataset } from '../data/sized-dataset.js';
import { aboutOption } from '../options/option-error.js';
import type { DataOptions } from '../options/run-options.js';
import type { Named } from '../text/named.js';
import { isEndpoint } from '../endpoint/endpoint-options.js';
import { isGiven } from '../options/given-model.js';

/**
 * A dataset whose images have sizes of their own, brought to one size: a given teacher's, else the images' own, unless it
 * is set. Throws what reading the teacher's file throws, and `ANC_USAGE` where neither says the size.
 * @param teacher the teacher as it is named; null where it is a value of the caller
 */
export const suitedDataset = (
  { dataset, directory }: Pick<DataOptions, 'dataset' | 'directory'>,
  teacher: Named | null,
  composition: Composition,
  notice: (text: string) => void,
): Promise<Named> =>
  aboutOption(['data', 'dataset'], () =>
    sizedDataset(dataset, {
      composition,
      directory,
      cwd: process.cwd(), // paths are absolute by now
      file:
        teacher === null || !isGiven(teacher) || isEndpoint(teacher)
          ? null
          : () => shapeOfTeacher(teacher, composition),
      notice,
    }),
  );

/** What the file of a given teacher says of its images. */
export const shapeOfTeacher = ({ name, options }: Named, composition: Composition): Promise<StatedShape> =>
  aboutOption(['teacher', 'model'], async () => {
    const cwd = process.cwd();
    const found = await findModelInRun(name, 'teacher', cwd);
    const file = found?.path ?? name;
    const reading = await fileOptions(file, options, name);
    return imageShapeOf({ file, cwd, recorded: found !== null, ...reading }, composition);
  });
