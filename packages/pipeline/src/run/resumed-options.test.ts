import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { optionsForRecord } from '../files/recorded-options.js';
import { formatOptions } from '../options/record.js';
import { optionsToResume } from './resumed-options.js';

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'anc-resumed-')), 'run');
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

async function folderOf(flat: Record<string, unknown>): Promise<RunFolder> {
  const { options } = resolveFlat(flat);
  const folder = await RunFolder.create(path, formatOptions(options));
  await folder.writeEnvironment({ options: optionsForRecord(options) });
  return folder;
}

it.each([
  ['maxParameters', '10k', 'none', '10000'],
  ['maxFlops', 5e6, 'none', '5000000'],
  ['maxBytes', '1k', 'none', '1000'],
  ['maxMs', 2, 'none', '2'],
  ['continue', 'runs/other', 'none', 'runs/other'],
])('a resumed run has the %s that its student was chosen with', async (key, value, expected, received) => {
  const folder = await folderOf({});
  await expect(optionsToResume(folder, { [key]: value }, true)).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: [key], expected, received },
  });
});

it('the same of options that were edited in the folder; the recorded value and other changes are taken', async () => {
  const folder = await folderOf({ maxParameters: '10k' });
  const same = await optionsToResume(folder, { maxParameters: '10k', epochs: 7 }, true);
  expect(same.changed.map(({ key }) => key)).toEqual(['epochs']);
  const edited = formatOptions(resolveFlat({ maxParameters: '20k' }).options);
  await writeFile(join(path, 'config.resolved.yaml'), edited);
  await expect(optionsToResume(folder, {}, true)).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    detail: { path: ['maxParameters'], expected: '10000', received: '20000' },
  });
});
