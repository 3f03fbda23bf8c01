/**
 * Writes what describes configuration files from the schemas of the options: the JSON Schema that editors read, and the
 * types of `defineConfig`. A test of packages/cli fails where they are not those of the options.
 *
 *   npm run build && node tools/schema/config.mjs
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { fromSource } from '../build/from-source.mjs';

const { configSchema } = await fromSource('cli/src/config/config-schema.ts');
const { configTypes } = await fromSource('cli/src/config/types-source.ts');

const cli = new URL('../../packages/cli/', import.meta.url);
const files = {
  'schema/anc.config.schema.json': JSON.stringify(configSchema()),
  'src/config/config-types.ts': configTypes(),
};
for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, cli));
  mkdirSync(new URL('.', new URL(name, cli)), { recursive: true });
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  console.log(path);
}
