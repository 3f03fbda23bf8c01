import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { AncError, PLUGIN_API_VERSION } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import { kindOf, oneOf, PLUGIN_KINDS, type PluginKind } from './kinds.js';
import { namesOf, type PluginNames } from './plugin-name.js';
import { writeWhole } from './write-whole.js';

/** A plugin's package that was written. */
export interface WrittenPlugin {
  /** What it brings. */
  readonly kind: PluginKind;
  /** The npm package's name. */
  readonly package: string;
  /** The name under which it contributes. */
  readonly name: string;
  /** Absolute path. */
  readonly folder: string;
  /** Relative to the folder, in alphabetical order. */
  readonly files: readonly string[];
  /** Commands that build, test and try it. */
  readonly next: readonly string[];
}

/** What is written, and where. */
export interface WritePluginOptions {
  /** What it brings: `discriminator`, `data-term`, … */
  readonly kind: string;
  /** `patch`, `anc-plugin-patch` or `@scope/anc-plugin-patch`. */
  readonly name: string;
  /** Where it is written; the package's name without its scope in `cwd` by default. Must hold nothing, or `.git` alone. */
  readonly folder?: string;
  /** The working directory, an absolute path. */
  readonly cwd: string;
}

/** Path of this package's package.json, for sources and for built files. */
const MANIFEST = createRequire(import.meta.url).resolve('create-anc-plugin/package.json');
const TEMPLATES = join(dirname(MANIFEST), 'templates');

/** Names of files that npm would not publish, or would treat as its own, as templates have them. */
const RENAMED: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  'package.template.json': 'package.json',
  'plugin-test.ts': 'plugin.test.ts', // which vitest would run here
};

/** The version of this package, which all packages of a release have. */
async function version(): Promise<string> {
  const manifest = await readFile(MANIFEST, 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Files of a template's folder, by their path in the package. */
async function filesOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const shown = join(path.slice(folder.length + 1), '..', RENAMED[entry.name] ?? entry.name);
    files.set(shown.replaceAll('\\', '/'), await readFile(path, 'utf8'));
  }
  return files;
}

/** Replaces what templates leave open. */
const filled = (text: string, names: PluginNames, more: Readonly<Record<string, string>>): string =>
  Object.entries(more)
    .reduce((filling, [open, value]) => filling.replaceAll(open, value), text)
    // as formatters write keys: in quotes only where they need them
    .replaceAll(
      "'my-component': {",
      `${names.component.includes('-') ? "'my-component'" : 'my-component'}: {`,
    )
    .replaceAll('anc-plugin-my-component', names.package)
    .replaceAll('my-component', names.component)
    .replaceAll('MyComponent', names.identifier);

/** Flags with the name of the component, where they have a place for it or behind them. */
const usedBy = (flag: string): string =>
  flag.includes('{}') ? flag.replace('{}', 'my-component') : `${flag} my-component`;

/** The files of a plugin's package by path, as text. */
export async function pluginFiles(
  kind: PluginKind,
  names: PluginNames,
): Promise<ReadonlyMap<string, string>> {
  const { flag } = PLUGIN_KINDS[kind];
  const own = await version();
  const open = {
    ANC_VERSION: own,
    // From the release that it is written with up to the next version of the plugin API, which is a major release.
    ANC_PEERS: `>=${own} <${PLUGIN_API_VERSION}.0.0`,
    ANC_KIND: oneOf(kind),
    ANC_WORD: kind,
    ANC_TRY: flag === null ? `describe ${kind} my-component` : `run ${usedBy(flag)}`,
    ANC_YEAR: String(new Date().getFullYear()),
  };
  const all = [...(await filesOf(join(TEMPLATES, 'common'))), ...(await filesOf(join(TEMPLATES, kind)))];
  const text = new Map(all.map(([path, content]) => [path, filled(content, names, open)]));
  text.set('package.json', manifestFor(text.get('package.json')!, text.get('src/index.ts')!));
  return text;
}

/** package.json with the packages alone that the plugin imports. */
function manifestFor(text: string, source: string): string {
  const manifest = JSON.parse(text) as Record<string, Record<string, string>>;
  for (const name of ['@anc/methods', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu']) {
    if (source.includes(`'${name}'`)) continue;
    // Peers of the plugin are those that it imports; to test it, TensorFlow.js is needed in any case.
    for (const part of ['peerDependencies', ...(name === '@tensorflow/tfjs-core' ? [] : ['devDependencies'])])
      manifest[part] = Object.fromEntries(Object.entries(manifest[part]!).filter(([key]) => key !== name));
  }
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Writes a TypeScript package with a plugin of a kind: source, a test with its contract suite, package.json, README,
 * license and workflows that test and publish it. Nothing is overwritten, and nothing is left where it fails.
 *
 * @throws `ANC_UNKNOWN` for another kind, `ANC_USAGE` for a name that npm would not take or an empty path, `ANC_EXISTS`
 *   where the folder holds something, `ANC_DISK` where it cannot be written.
 */
export async function writePlugin(options: WritePluginOptions): Promise<WrittenPlugin> {
  const kind = kindOf(options.kind);
  const names = namesOf(options.name);
  const given = options.folder ?? names.package.split('/').at(-1)!;
  if (given === '') {
    throw new AncError('ANC_USAGE', '--folder: the path is empty.', {
      expected: 'a path; "." for the current folder',
      received: 'an empty text',
      hint: "leave it out for a folder of the package's name.",
    });
  }
  const folder = resolve(options.cwd, given);
  const files = await pluginFiles(kind, names);
  await writeWhole(folder, files);
  const command = (/^npx anc-cli .*dist\/index\.js$/m.exec(files.get('README.md')!) ?? [''])[0];
  return {
    kind,
    package: names.package,
    name: names.component,
    folder,
    files: [...files.keys()].sort(),
    next: [
      ...(folder === resolve(options.cwd) ? [] : [`cd ${shellQuoted(given)}`]),
      'npm install',
      'npm test',
      'npm run build',
      command,
    ],
  };
}
