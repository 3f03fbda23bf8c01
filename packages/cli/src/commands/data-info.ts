import { resolve } from 'node:path';
import { AncError, isAncError, type SplitName } from '@anc/core';
import { contactSheet, describeDataset, type DatasetInfo } from '@anc/datasets';
import { augmentedSheet, openDataset, sizedDataset, writePicture } from '@anc/pipeline/internal';
import { formatCount, splitTopLevel, type Named } from '@anc/pipeline/options';
import { formatTable } from '../terminal/table.js';
import type { Session } from './command.js';
import { withDataset, type DatasetCall, type DatasetOptions } from './dataset-call.js';

export interface InfoOptions extends DatasetOptions {
  readonly sheet?: string;
  readonly sheetOf: string;
  readonly augmented?: string;
  readonly augment?: string;
}

/** `data info`: what is in a dataset. Reads labels, for looking alone. */
export function showInfo(text: string | undefined, options: InfoOptions, session: Session): Promise<void> {
  return withDataset(text, options, session, async (call) => {
    const { named, composition, environment, fetching, terminal, progress } = call;
    const sheetOf = splitOf(options.sheetOf);
    if (options.augment !== undefined && options.augmented === undefined) {
      throw new AncError('ANC_USAGE', '--augment: there is no file for augmented samples.', {
        hint: 'name one with --augmented samples.png.',
      });
    }
    const shaped = await shownSize(call, session.cwd);
    const dataset = await openDataset(shaped, composition, environment, fetching);
    const augmented = options.augmented === undefined ? null : resolve(session.cwd, options.augmented);
    const list = options.augment === undefined ? null : splitTopLevel(options.augment);
    const samples =
      augmented === null
        ? null
        : await augmentedSheet((await dataset.split(sheetOf)).images, named.name, list, composition);
    if (augmented !== null) await writePicture(augmented, samples!.png);
    const info = await describeDataset(dataset, {
      progress: (what, done, count) => progress.show({ type: 'activity', what, done, count }),
    });
    const sheet = options.sheet === undefined ? null : resolve(session.cwd, options.sheet);
    if (sheet !== null) {
      const { images } = await dataset.split(sheetOf);
      await writePicture(sheet, await contactSheet(images));
    }
    progress.close();
    terminal.document({
      ...info,
      ...(sheet === null ? {} : { sheet }),
      ...(samples === null ? {} : { augmented, augmentations: samples.augmentations }),
    });
    terminal.print(describe(info));
    if (sheet !== null) terminal.print(`Samples of ${sheetOf}: ${options.sheet}`);
    if (samples !== null)
      terminal.print(`Samples of ${sheetOf} under ${samples.augmentations}: ${options.augmented}`);
  });
}

/** The dataset in the size that a run would bring its images to, where no model says another; its own where none is known. */
async function shownSize(
  { named, composition, environment, progress }: DatasetCall,
  cwd: string,
): Promise<Named> {
  const notice = (text: string): void => progress.notice(text);
  try {
    const directory = environment.dataDir;
    return await sizedDataset(named, { composition, directory, cwd, file: null, notice });
  } catch (error) {
    if (!isAncError(error) || error.code !== 'ANC_USAGE') throw error;
    const { received = '' } = error.detail;
    notice(
      `${received}: a run asks for their size, which the model's file or image-folder(size=…) says; they are shown as image-folder has them.`,
    );
    return named;
  }
}

function splitOf(text: string): SplitName {
  if (text === 'train' || text === 'test') return text;
  throw new AncError('ANC_USAGE', '--sheet-of: expected train or test.', { received: text });
}

function describe({ notices, name, shape, classes, splits, mean, std }: DatasetInfo): string {
  const numbers = (values: readonly number[] | null): string =>
    values === null ? '–' : values.map((value) => value.toFixed(2)).join(', ');
  const lines = [
    ...notices,
    `${name}: ${shape.join('×')}, ${classes.length === 0 ? 'no classes' : `${classes.length} classes`}`,
    formatTable(
      ['split', 'images', 'per class', 'fingerprint'],
      splits.map(({ split, count, histogram, fingerprint }) => [
        split,
        formatCount(count),
        histogram === null ? 'no labels' : rangeOf(histogram),
        fingerprint.slice(0, 16),
      ]),
    ),
    `training images, 0..255 per channel: mean ${numbers(mean)}, deviation ${numbers(std)}`,
  ];
  const labeled = splits.filter(({ histogram }) => histogram !== null);
  if (labeled.length === 0 || classes.length === 0) return lines.join('\n');
  const shown = classes
    .slice(0, MOST_CLASSES)
    .map((label, i) => [
      `${i} ${label}`,
      ...labeled.map(({ histogram }) => formatCount(histogram![i]!)),
      bar(labeled[0]!.histogram!, i),
    ]);
  lines.push(formatTable(['class', ...labeled.map(({ split }) => split), ''], shown));
  if (classes.length > MOST_CLASSES)
    lines.push(`… and ${classes.length - MOST_CLASSES} more; all with --json.`);
  return lines.join('\n');
}

const MOST_CLASSES = 30;
const BAR = 24;

const bar = (histogram: readonly number[], i: number): string =>
  '█'.repeat(Math.round((BAR * histogram[i]!) / Math.max(1, ...histogram))).padEnd(BAR);

function rangeOf(histogram: readonly number[]): string {
  const [low, high] = [Math.min(...histogram), Math.max(...histogram)];
  return low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`;
}
