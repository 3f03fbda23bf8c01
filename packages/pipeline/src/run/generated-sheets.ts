import type { HostTensor, Progress } from '@anc/core';
import { generatedSheet } from '@anc/datasets';
import type { RunFolder } from '@anc/runtime';

/** Most sheets of one model. */
const SHEETS = 12;

/** Folder of the sheets beside a model's weights. */
const FOLDER = 'generated';

/** Whether an epoch is one of those, evenly spread, that have a sheet; the last one always is. epoch: from 0. */
const hasSheet = (epoch: number, epochs: number): boolean =>
  Math.floor(((epoch + 1) * SHEETS) / epochs) > Math.floor((epoch * SHEETS) / epochs);

const nameOf = (epoch: number): string => `epoch-${String(epoch + 1).padStart(4, '0')}.png`;

/** Writes images that a model's generator made as a sheet, in up to twelve of its epochs. */
export async function writeSheet(
  folder: RunFolder,
  place: readonly string[],
  images: HostTensor,
  { epoch, epochs }: Progress,
): Promise<void> {
  if (!hasSheet(epoch, epochs)) return;
  await folder.write([...place, FOLDER, nameOf(epoch)], generatedSheet(images));
}

/** Paths of the sheets beside a model's card, in order. */
export const sheetsOf = (epochs: number): readonly string[] =>
  Array.from({ length: epochs }, (_, epoch) => epoch)
    .filter((epoch) => hasSheet(epoch, epochs))
    .map((epoch) => `${FOLDER}/${nameOf(epoch)}`);
