import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { namesOf, pluginFiles, type PluginKind } from '../src/index.js';

const read = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

const sourceOf = async (kind: PluginKind, name: string): Promise<string> =>
  (await pluginFiles(kind, namesOf(name))).get('src/index.ts')!;

it('docs/plugins.md shows the template of a data term', async () => {
  expect(await read('docs/plugins.md')).toContain(`\`\`\`ts\n${await sourceOf('data-term', 'huber')}\`\`\``);
});

it('examples/discriminator-plugin is the template of a discriminator', async () => {
  expect(await read('examples/discriminator-plugin/src/index.ts')).toBe(
    await sourceOf('discriminator', 'leaky'),
  );
});
