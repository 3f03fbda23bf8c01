import { AncError, type Dataset, type DatasetSplit } from '@anc/core';
import { limitSplit, subsetSplit } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import { openDataset } from '../data/open-dataset.js';
import { namedOf } from '../commands/named-option.js';
import { parseSizes } from '../commands/sizes.js';
import type { FoundModel } from './find-player.js';

/** Which images, as a person says it. */
export interface ImagesOptions {
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly limitTest?: string;
}

export interface NamedImages {
  readonly named: Named;
  readonly dataset: Dataset;
  /** Of all chance in choosing images. */
  readonly seed: number;
  /** The test images that were asked for; a run's own where nothing was. */
  test(): Promise<DatasetSplit>;
}

/** The images that were asked for: a run's, where nothing else was said. Throws `ANC_USAGE` where nobody said any. */
export async function namedImages(
  options: ImagesOptions,
  found: FoundModel | null,
  composition: Composition,
): Promise<NamedImages> {
  const config = found?.config;
  const named = options.dataset === undefined ? config?.dataset : namedOf(options.dataset, '--dataset');
  if (named === undefined) {
    throw new AncError('ANC_USAGE', '--dataset: on which images?', {
      expected: 'the name of a dataset',
      hint: 'see them with `anc-cli list`.',
    });
  }
  const limit = options.limitTest === undefined ? null : parseSizes(options.limitTest, '--limit-test', 1)[0]!;
  const seed = config?.dataSeed ?? config?.seed ?? 1;
  const dataset = await openDataset(
    named,
    composition,
    { dataDir: options.dataDir ?? config?.dataDir ?? null, seed },
    { offline: config?.offline === true },
  );
  return {
    named,
    dataset,
    seed,
    async test() {
      const whole = await dataset.split('test');
      if (limit !== null) {
        const length = Math.min(limit, whole.images.count);
        return subsetSplit(
          whole,
          Int32Array.from({ length }, (_, i) => i),
        );
      }
      const own = options.dataset === undefined ? config?.limitTest : null;
      return typeof own === 'number' ? limitSplit(whole, own, seed) : whole;
    },
  };
}
