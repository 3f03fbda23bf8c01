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

/** Releases raise the versions of our packages; the example's are those of the release that wrote it. */
const withoutVersions = (text: string): string => text.replaceAll(/"(@anc\/\w+|anc-cli)": ".*"/g, '"$1": ""');

it('examples/discriminator-plugin is the template of a discriminator', async () => {
  const own = /^LICENSE$|^\.github\//; // the repository's are above it
  for (const [path, text] of await pluginFiles('discriminator', namesOf('leaky'))) {
    if (own.test(path)) continue;
    const example = await read(`examples/discriminator-plugin/${path}`);
    expect(withoutVersions(example), path).toBe(withoutVersions(text));
  }
});
