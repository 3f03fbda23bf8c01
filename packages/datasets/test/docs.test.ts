import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { assertPlugin } from '@anc/core/internal';
import { datasetContract } from '@anc/testing';
import { afterAll, describe, expect, it } from 'vitest';

const text = readFileSync(resolve(import.meta.dirname, '../../../docs/datasets.md'), 'utf8');
const [source] = [...text.matchAll(/^```js\n(\/\/ anc-dataset[^]*?)^```/gm)].map(([, code]) => code!);

/** Beside this file, so that its imports are found. */
const folder = await mkdtemp(join(import.meta.dirname, 'docs-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
await writeFile(join(folder, 'plugin.mjs'), source!);
const { default: plugin } = (await import(/* @vite-ignore */ join(folder, 'plugin.mjs'))) as {
  default: unknown;
};
assertPlugin(plugin, 'docs/datasets.md');
const { options, create } = plugin.datasets!['dots']!;

describe('the dataset of docs/datasets.md', () => {
  it('has options with defaults', async () => {
    expect(await options['~standard'].validate({})).toEqual({ value: { count: 100 } });
  });

  datasetContract({ describe, it, expect }, () => create({ count: 10 }, { dataDir: null, seed: 1 }));
});
