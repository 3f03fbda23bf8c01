import type { SplitPredictions } from '@anc/core/internal';
import { thumbnails } from '@anc/datasets';
import type { PredictionAnalysis, RunFolder } from '@anc/runtime';
import type { Plan } from '../planning/plan.js';
import { analyzePredictions, type Answers } from './analyze-predictions.js';
import { isPicture } from './is-picture.js';

const DOCUMENT = 'analysis.json';
const PICTURES = 'disagreements.png';
/** Pictures in a row, and the greatest side of one. */
const COLUMNS = 5;
const MOST_PIXELS = 96;

/**
 * Writes what a report says of a student's predictions beside its weights: `analysis.json`, and pictures of the worst
 * disagreements. Nothing of other tasks than one class for each image. The same predictions give the same bytes.
 */
export async function writeAnalysis(
  folder: RunFolder,
  place: readonly string[],
  { data, classNames }: Pick<Plan, 'data' | 'classNames'>,
  student: SplitPredictions,
  teacher: SplitPredictions,
): Promise<void> {
  const [ours, theirs] = [answersOf(student), answersOf(teacher)];
  if (ours === null || theirs === null) return;
  const { images } = data.test;
  const analysis = analyzePredictions({
    student: ours,
    teacher: theirs,
    labels: (await data.test.labels?.()) ?? null,
    names: classNames ?? data.dataset.classes.map((_, i) => `class ${i}`),
  });
  const shown = await picturesOf(images, analysis);
  if (shown !== null) await folder.write([...place, PICTURES], shown.png);
  const document: PredictionAnalysis = { ...analysis, ...(shown === null ? {} : { shown: shown.tiles }) };
  await folder.write([...place, DOCUMENT], `${JSON.stringify(document, roundedShares)}\n`);
}

/** Whether a finished student has its analysis: earlier versions wrote none, and a file may have been removed. */
export async function hasAnalysis(folder: RunFolder, place: readonly string[]): Promise<boolean> {
  if ((await folder.readBytes(...place, DOCUMENT)) === null) return false;
  const pictures = [...place, PICTURES];
  const isRecorded = (await folder.checksums.names())?.includes(pictures.join('/')) === true;
  return !isRecorded || (await folder.readBytes(...pictures)) !== null;
}

function answersOf({ count, predictions, confidences }: SplitPredictions): Answers | null {
  if (count === 0 || confidences === undefined || !(predictions instanceof Int32Array)) return null;
  return { classes: predictions, confidences };
}

async function picturesOf(
  images: Plan['data']['test']['images'],
  { worst }: Pick<PredictionAnalysis, 'worst'>,
) {
  if (worst.length === 0 || !isPicture(images.shape)) return null;
  const indices = Int32Array.from(worst, ({ image }) => image);
  const { png, columns, tile, gap } = await thumbnails(images, indices, {
    columns: COLUMNS,
    most: MOST_PIXELS,
  });
  return { png, tiles: { count: worst.length, columns, tile, gap } };
}

/** Six digits are enough of a share. */
const roundedShares = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
