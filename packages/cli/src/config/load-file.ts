import { access } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { isMap, isScalar, type Document, type Node } from 'yaml';
import { readRegularFile, readYaml, shownPath } from '@anc/pipeline/options';

const stem = 'anc.config';
const parsed = ['.yaml', '.yml', '.json'];
const imported = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.toml', '.jsonc', '.json5'];

export interface ConfigFile {
  readonly path: string;
  readonly raw: unknown;
  /** Where an option stands: `anc.config.yaml:3:5: "epochs"`. `unknownKey`: a key inside it that should not be there. */
  place(path: readonly PropertyKey[], unknownKey?: string): string;
}

/** The file that `--config` names, or `anc.config.*` in `cwd`, or null. Throws `ANC_CONFIG`. */
export async function loadConfigFile(named: string | undefined, cwd: string): Promise<ConfigFile | null> {
  const path = named === undefined ? await findFile(cwd) : resolve(cwd, named);
  if (path === null) return null;
  const shown = shownPath(path, cwd);
  return parsed.includes(extname(path)) ? await parseFile(path, shown) : await importFile(path, shown);
}

async function findFile(cwd: string): Promise<string | null> {
  const there: string[] = [];
  for (const extension of [...parsed, ...imported]) {
    const path = join(cwd, `${stem}${extension}`);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      there.push(path);
  }
  if (there.length > 1) {
    throw new AncError('ANC_CONFIG', 'there is more than one configuration file here.', {
      received: there.map((path) => basename(path)).join(', '),
      hint: 'keep one of them, or choose with --config.',
    });
  }
  return there[0] ?? null;
}

/** YAML, and JSON as the part of YAML that it is: problems have a line and a column. */
async function parseFile(path: string, shown: string): Promise<ConfigFile> {
  const read = readYaml(await readText(path, shown));
  if ('problem' in read)
    throw new AncError('ANC_CONFIG', `${shown}:${read.line}:${read.column}: ${read.problem}.`);
  const { document, lines, value } = read;
  return {
    path,
    raw: value ?? {},
    place(at, unknownKey) {
      const { line, col } = lines.linePos(offsetOf(document, at, unknownKey));
      return placed(`${shown}:${line}:${col}`, [...at, unknownKey]);
    },
  };
}

/** Where an option's value starts, or, for an option that should not be there, its name. */
function offsetOf(document: Document, at: readonly PropertyKey[], unknownKey?: string): number {
  if (unknownKey !== undefined) {
    const parent = at.length === 0 ? document.contents : document.getIn(at as string[], true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === unknownKey)
      : undefined;
    const range = (pair?.key as Node | undefined)?.range;
    if (range) return range[0]; // else it is inside a text, `mlp(units=[64])`: the text's place
  }
  for (let depth = at.length; depth > 0; depth--) {
    const node = document.getIn(at.slice(0, depth) as string[], true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** TypeScript, JavaScript and what else c12 reads. Its own layers are off: precedence is decided here. */
async function importFile(path: string, shown: string): Promise<ConfigFile> {
  await readText(path, shown);
  const { loadConfig } = await import('c12');
  let raw: unknown;
  try {
    const loaded = await loadConfig({
      cwd: dirname(path),
      configFile: basename(path),
      rcFile: false,
      globalRc: false,
      packageJson: false,
      dotenv: false,
      giget: false,
      extend: false,
      envName: false,
      configFileRequired: true,
      merger: (...sources) => sources.find((source) => source !== null && source !== undefined) ?? {},
    });
    raw = loaded.config;
  } catch (cause) {
    throw new AncError('ANC_CONFIG', `${shown}: it could not be loaded.`, {
      received: cause instanceof Error ? `${cause.message}${lineOf(cause, path)}` : String(cause),
      cause,
    });
  }
  return {
    path,
    raw,
    place: (at, unknownKey) => placed(shown, [...at, unknownKey]),
  };
}

/** `file:3:5: "training.epochs"`; the place alone where it is the whole file. */
function placed(where: string, at: readonly (PropertyKey | undefined)[]): string {
  const path = at.filter((part) => part !== undefined).join('.');
  return path === '' ? where : `${where}: "${path}"`;
}

/** `, at 3:7`: the line and column of a file from which an error came; empty where it came from elsewhere. */
function lineOf({ stack = '' }: Error, path: string): string {
  const place = stack
    .split('\n')
    .filter((line) => /^\s*at /.test(line) && line.replaceAll('\\', '/').includes(`/${basename(path)}:`))
    .map((line) => /:(\d+:\d+)\)?$/.exec(line)?.[1])
    .find((found) => found !== undefined);
  return place === undefined ? '' : `, at ${place}`;
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return (await readRegularFile(path)).toString('utf8');
  } catch (cause) {
    throw new AncError('ANC_CONFIG', `configuration file "${shown}" cannot be read.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the path given with --config.',
      cause,
    });
  }
}
