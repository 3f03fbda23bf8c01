import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadComposition } from '../plugins/load-composition.js';
import { resolveFlat } from '../../test/flat-options.js';
import { formatOptions, readOptions } from '../options/record.js';
import { anchored, resumeRun } from './start.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-start-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

describe('a run that is continued', () => {
  it('finds plugins and data from any folder', async () => {
    const source = `export default { name: 'mine', apiVersion: 1, [Symbol.for('@anc/plugin')]: true };`;
    await writeFile(join(cwd, 'mine.mjs'), source);
    const { options } = resolveFlat({ plugins: ['./mine.mjs', 'pack'], dataDir: 'data' });
    const all = anchored(options, cwd);
    expect(all).toMatchObject({
      plugins: [join(cwd, 'mine.mjs'), 'pack'],
      data: { directory: join(cwd, 'data') },
    });
    const [own] = readOptions(formatOptions(all)).plugins;
    const { plugins } = await loadComposition([own!], '/');
    expect(plugins.map(({ plugin }) => plugin.name)).toContain('mine');
  });

  it.each([
    [
      'a record that was cut',
      async (run: string) => writeFile(join(run, 'config.resolved.yaml'), 'dataset: gl'),
      'ANC_RUN_CONFIG',
    ],
    [
      'a record that is a folder',
      async (run: string) => mkdir(join(run, 'config.resolved.yaml')),
      'ANC_RUN_UNWRITABLE',
    ],
    [
      'a lock that is a folder',
      async (run: string) => {
        await writeFile(join(run, 'config.resolved.yaml'), formatOptions(resolveFlat({}).options));
        await mkdir(join(run, '.lock.999999999.x'));
      },
      'ANC_RUN_UNWRITABLE',
    ],
  ])('is refused with a clear error: %s', async (_, damage, code) => {
    const run = join(cwd, 'run');
    await mkdir(run);
    await damage(run);
    const compose = (plugins: readonly string[]) => loadComposition(plugins, cwd);
    const request = { path: 'run', cwd, emit: () => undefined, changes: {}, compose };
    await expect(resumeRun(request)).rejects.toMatchObject({ code });
  });
});
