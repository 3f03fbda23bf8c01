import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Path of this package's package.json, for sources and for built files. */
const manifest = (): string => createRequire(import.meta.url).resolve('anc-cli/package.json');

/** Version of this program. */
export const programVersion = (): string =>
  (JSON.parse(readFileSync(manifest(), 'utf8')) as { version: string }).version;

/** Path of this program's executable. */
export const executable = (): string => join(dirname(manifest()), 'bin', 'anc-cli.js');
