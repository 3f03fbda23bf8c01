import { distill } from '../src/index.js';

/**
 * Trains a small teacher on the generated dataset `glyphs`, 28 x 28 x 1 and 10 classes, for runs that are given one: two seconds.
 *
 * @returns the folder of its run
 */
export async function glyphsTeacher(cwd: string): Promise<string> {
  const run = await distill({
    cwd,
    folder: 'teacher',
    images: 'glyphs',
    teacher: 'cnn(widths=[3,4], features=8)',
    student: 'cnn(widths=[2,2], features=8)',
    method: 'l2',
    data: { limitTrain: 256, limitTest: 40 },
    training: { epochs: 1, batchSize: 32 },
  });
  const { folder } = run;
  await run.dispose();
  return folder!;
}
