/**
 * Packs every public workspace as npm would publish it and checks the tarballs: publint (exports, files, fields),
 * are-the-types-wrong (ESM only), what must not be in one (tests, build information, code of others, which would need
 * their notices), and that installing it runs nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { packWorkspaces } from './e2e/pack.mjs';

const FORBIDDEN =
  /^dist\/plain\/|\.test\.|\.tsbuildinfo$|spec-types|^test\/|node_modules|\.(?:node|wasm|so|dll|dylib)$/;
/** Scripts that npm runs when a package is installed, or packed from a git address. */
const ON_INSTALL = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

/** Folders of the workspaces by package name. */
const FOLDERS = Object.fromEntries(
  Object.entries(JSON.parse(readFileSync('package-lock.json', 'utf8')).packages)
    .filter(([path]) => /^packages\/[^/]+$/.test(path))
    .map(([path, { name = basename(path) }]) => [name, path]),
);

/** What would run when this package is installed. `binding.gyp` counts as a script, too. */
function installScripts(name, files) {
  const { scripts = {} } = JSON.parse(readFileSync(join(FOLDERS[name], 'package.json'), 'utf8'));
  return [
    ...ON_INSTALL.filter((script) => script in scripts).map((script) => `has the install script ${script}`),
    ...files.filter((file) => file.endsWith('binding.gyp')).map((file) => `packs ${file}, which npm builds`),
  ];
}

/** What built files were made of that is no source of ours: a source that is gone, or code of others that was bundled. */
function withoutSource(name, files) {
  return files
    .filter((file) => file.startsWith('dist/') && /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => sourcesOf(join(FOLDERS[name], file)).map((source) => [file, source]))
    .filter(([, source]) => !source.startsWith(join(FOLDERS[name], 'src')) || !existsSync(source))
    .map(
      ([file, source]) => `packs ${file}, made of ${source}, which is no source; remove dist and build again`,
    );
}

/** A built file that only imports and exports, which has no map. */
const FACADE = /^(?:(?:import|export)\s*(?:\*|\{[^}]*\})?(?: as \w+)?\s*(?:from)?\s*(?:"[^"]+")?;\s*)*$/;

/** The dozen lines that rolldown itself writes for a module whose namespace is imported dynamically: no code of a package. */
const NAMESPACES = /^\/\/ \\0rolldown\/runtime\.js\n[^]{0,400}$/;

/** The sources of a built file, relative to the root, as its map lists them; without a map, the file itself unless it is one of these two. */
function sourcesOf(file) {
  if (!existsSync(`${file}.map`)) {
    const code = readFileSync(file, 'utf8');
    return FACADE.test(code) || NAMESPACES.test(code) ? [] : [file];
  }
  return JSON.parse(readFileSync(`${file}.map`, 'utf8')).sources.map((source) => join(dirname(file), source));
}

/** Runs a package's own binary through Node; returns its output when it fails, null when it passes. */
function failure(binary, args) {
  const run = spawnSync('npx', ['--no-install', binary, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return run.status === 0 ? null : `${run.stdout}${run.stderr}`;
}

const folder = mkdtempSync(join(tmpdir(), 'anc-pack-'));
let failures = 0;
try {
  for (const { name, tarball, files } of packWorkspaces(folder)) {
    const problems = [
      ...files.filter((file) => FORBIDDEN.test(file)).map((file) => `packs ${file}`),
      ...['LICENSE', 'README.md'].filter((file) => !files.includes(file)).map((file) => `packs no ${file}`),
      ...installScripts(name, files),
      ...withoutSource(name, files),
      ...(files.some((file) => file.startsWith('dist/') && file.endsWith('.js'))
        ? []
        : ['packs no built file']),
      failure('publint', ['run', tarball, '--strict']),
      failure('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
    ].filter((problem) => problem !== null);
    if (problems.length > 0) failures += 1;
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ${files.length} files`);
    for (const problem of problems) console.log(problem.replace(/^/gm, '     '));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
