import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { optionTable } from '@anc/pipeline/options';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { configSchema } from './config-schema.js';
import { exampleOf } from './config-template.js';
import { configTypes } from './types-source.js';

describe('a configuration file of init', () => {
  it.each(optionTable.map((entry) => [entry.key, entry] as const))(
    'shows a value that %s accepts',
    (_, entry) => {
      expect(entry.schema.safeParse(JSON.parse(exampleOf(entry)))).toMatchObject({ success: true });
    },
  );
});

describe('what `node tools/schema/config.mjs` writes', () => {
  it.each([
    ['../../schema/anc.config.schema.json', JSON.stringify(configSchema())],
    ['./config-types.ts', configTypes()],
  ])('%s is that of the options', async (name, text) => {
    const path = fileURLToPath(new URL(name, import.meta.url));
    const expected = await format(text, { ...(await resolveConfig(path)), filepath: path });
    expect(await readFile(path, 'utf8')).toBe(expected);
  });
});
