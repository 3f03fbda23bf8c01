import { join } from 'node:path';
import { AncError, type SplitName } from '@anc/core';
import { cacheDir } from '@anc/datasets';
import { isMissing, obtainFiles } from '@anc/pipeline/internal';
import { formatCount } from '@anc/pipeline/options';
import { formatTable } from '../terminal/table.js';
import type { Session } from './command.js';
import { withDataset, type DatasetCall, type DatasetOptions } from './dataset-call.js';

export type GetOptions = DatasetOptions;

const SPLITS: readonly SplitName[] = ['train', 'test'];

/**
 * `data get`: files that are there in any of their forms are checked and used; else the published ones are
 * fetched. Ends by reading the dataset: what it says is there can be trained on.
 */
export function getData(text: string, options: GetOptions, session: Session): Promise<void> {
  const work = async (call: DatasetCall): Promise<void> => {
    const { named, composition, environment, fetching, terminal, progress } = call;
    const { registries } = composition;
    const { contribution } = registries.datasets.get(named.name);
    const checked = await registries.datasets.check(named);
    const before = await countImages(call).catch((error: unknown) => {
      if (isMissing(error)) return null;
      if (contribution.files === undefined) throw error;
      progress.notice(error instanceof Error ? error.message : String(error));
      return null; // damaged: fetched anew where it is ours, and refused below where it is not
    });
    const { dataDir } = environment;
    const folder = join(dataDir ?? cacheDir(), named.name);
    let files: unknown[] = [];
    if (before === null) {
      const published = contribution.files?.(checked);
      if (published === undefined) throw await notPublished(named.name, call);
      const fetched = await obtainFiles(named.name, published, environment, {
        ...fetching,
        folder,
        replaceDamaged: true,
      });
      files = fetched.map(({ name, path, was }) => ({ name, path, was }));
      for (const { name, path, was } of fetched) progress.line(`${name}: ${was} (${path})`);
    }
    const counts = before ?? (await countImages(call));
    terminal.document({ name: named.name, wasThere: before !== null, files, images: counts });
    terminal.print(
      formatTable(
        ['split', 'images'],
        SPLITS.map((split) => [split, formatCount(counts[split])]),
      ),
    );
    terminal.print(
      before === null ? `${named.name} is in ${folder}.` : `${named.name} was there; its files are right.`,
    );
  };
  return withDataset(text, options, session, work, true);
}

/** Opens both splits and reads their labels: whatever is damaged is found. */
async function countImages({
  named,
  composition,
  environment,
}: DatasetCall): Promise<Record<SplitName, number>> {
  const dataset = await composition.registries.datasets.create(named, environment);
  const counts = { train: 0, test: 0 };
  for (const split of SPLITS) {
    const { images, labels } = await dataset.split(split);
    await labels?.();
    counts[split] = images.count;
  }
  return counts;
}

/** A dataset without published files: what it says when its files are missing. */
async function notPublished(name: string, call: DatasetCall): Promise<unknown> {
  const missing: unknown = await countImages(call).catch((error: unknown) => error);
  const { expected } = (missing as AncError).detail;
  return new AncError('ANC_DATA_NO_DOWNLOAD', `"${name}" cannot be downloaded from here.`, {
    ...(expected === undefined ? {} : { expected }),
    received: 'no public address',
    hint: 'get its files yourself and say where they are with --data-dir.',
  });
}
