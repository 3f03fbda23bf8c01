import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { definePlugin } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recordsOf, type PluginSource } from './provenance.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-provenance-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), text);
};
const zoo = definePlugin({ name: 'anc-plugin-zoo', apiVersion: 1 });
const recordOf = async (path: string, source: PluginSource['source'] = 'file', plugin = zoo) =>
  (await recordsOf([{ plugin, source, url: pathToFileURL(join(root, path)).href }], new Set()))[0]!;

describe('the digest of a file', () => {
  beforeEach(async () => {
    await write('zoo.mjs', "import './a.js';\nexport { b } from './b/index.js';\nimport 'zod';");
    await write('a.js', "const later = import('./b/deep.js');");
    await write('b/index.js', 'export const b = 1;');
    await write('b/deep.js', "import '../zoo.mjs'; // a cycle");
    await write('other.js', '');
  });

  it.each([
    ['zoo.mjs', true],
    ['a.js', true],
    ['b/index.js', true],
    ['b/deep.js', true],
    ['other.js', false],
  ])('covers %s: %s', async (path, covers) => {
    const before = await recordOf('zoo.mjs');
    expect(before).toMatchObject({
      version: null,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
    await write(path, '// other');
    expect((await recordOf('zoo.mjs')).digest !== before.digest).toBe(covers);
  });

  it('follows TypeScript, which writes .js for .ts or nothing', async () => {
    await write('zoo.ts', "import { a } from './c.js';\nimport d from './d';");
    await write('c.ts', '');
    await write('d.ts', '');
    const before = await recordOf('zoo.ts');
    await write('c.ts', '1');
    const between = await recordOf('zoo.ts');
    await write('d.ts', '1');
    const digests = [before, between, await recordOf('zoo.ts')].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(3);
  });

  it('does not depend on where the folder is', async () => {
    const before = await recordOf('zoo.mjs');
    for (const file of ['zoo.mjs', 'a.js', 'b/index.js', 'b/deep.js'])
      await write(
        `moved/${file}`,
        await (await import('node:fs/promises')).readFile(join(root, file), 'utf8'),
      );
    expect((await recordOf('moved/zoo.mjs')).digest).toBe(before.digest);
  });
});

it('of a package is that of its files, with its version', async () => {
  await write('package.json', '{ "name": "anc-plugin-zoo", "version": "1.2.3" }');
  await write('dist/index.js', '');
  const before = await recordOf('dist/index.js', 'package');
  expect(before.version).toBe('1.2.3');
  await write('node_modules/x/index.js', '');
  await write('.git/HEAD', '');
  expect(await recordOf('dist/index.js', 'package')).toEqual(before);
  await write('assets/weights.bin', '');
  expect((await recordOf('dist/index.js', 'package')).digest).not.toBe(before.digest);
});

it('of an object is that of its create functions and version', async () => {
  const digestOf = async (weight: number, version?: string) => {
    const create = weight === 1 ? () => 1 as never : () => 2 as never;
    const plugin = definePlugin({
      ...zoo,
      ...(version && { version }),
      balancers: { b: { options: z.strictObject({}), create } },
    });
    const [record] = await recordsOf([{ plugin, source: 'object' }], new Set(['anc-plugin-zoo']));
    expect(record).toMatchObject({ version: version ?? null, used: true });
    return record!.digest;
  };
  expect(await digestOf(1)).toBe(await digestOf(1));
  expect(new Set([await digestOf(1), await digestOf(2), await digestOf(1, '1')]).size).toBe(3);
});
