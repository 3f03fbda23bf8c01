import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { callSite } from '@anc/core/internal';
import { modulesFrom } from './provenance.js';

/**
 * What is wrong with a module whose text cannot be read as code, with file, line and column where they can be found: Node says
 * them of CommonJS and of names that are not exported, and of the syntax of ES modules only where nothing catches the error.
 *
 * @param url of the plugin's module, which may import the one that is meant.
 */
export async function syntaxFault(url: string, cause: Error): Promise<string> {
  const own = parseFault(cause) ?? headed(cause);
  if (own !== null) return own;
  const site = callSite(cause);
  if (site !== UNKNOWN) return `${cause.message}, at ${site}`; // JSON.parse, new RegExp
  if (!url.startsWith('file:')) return cause.message;
  const { createJiti } = await import('jiti');
  const parser = createJiti(import.meta.url, { fsCache: false, moduleCache: false });
  for (const filename of await modulesFrom(fileURLToPath(url)).catch(() => [])) {
    if (!/\.[cm]?[jt]s$/.test(filename)) continue;
    const source = await readFile(filename, 'utf8');
    const found = parsed(parser.transform({ source, filename, ts: /\.[cm]?ts$/.test(filename) }));
    if (found !== null) return found;
  }
  return cause.message;
}

const UNKNOWN = 'an unknown line';

/** Of the parser that TypeScript goes through: `ParseError: Unexpected token  \n /tmp/a.ts:3:12`, columns from 0. */
function parseFault({ message }: Error): string | null {
  const [, what, place, column] =
    /^(?:ParseError: )?([^\n]*?)\s*\n\s*(\S.*:\d+):(\d+)\s*$/.exec(message) ?? [];
  return what === undefined ? null : `${what}, at ${place}:${Number(column) + 1}`;
}

/** The same of a file that it only reads: a module that holds the error. */
function parsed(code: string): string | null {
  const [, json] = /^exports\.__JITI_ERROR__ = (\{.*\})\s*$/.exec(code) ?? [];
  if (json === undefined) return null;
  const { message, filename, line, column } = JSON.parse(json) as Record<string, string | number>;
  return `${String(message).trim().replace(/\.$/, '')}, at ${filename}:${line}:${Number(column) + 1}`;
}

/** Of Node, which puts the place before the stack: `file:///tmp/a.mjs:1`, the line, and carets below. */
function headed({ stack = '', message }: Error): string | null {
  const [, place, , before] = /^(\S.*:\d+)\n(.*)\n( *)\^/.exec(stack) ?? [];
  return place === undefined ? null : `${message}, at ${place}:${before!.length + 1}`;
}
