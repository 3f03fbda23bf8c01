import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmrc } from './local-registry.mjs';
import { run } from './processes.mjs';

const script = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
const PNPM = script('pnpm/bin/pnpm.cjs');
const YARN_1 = script('yarn/bin/yarn.js');
const YARN_4 = script('@yarnpkg/cli-dist/bin/yarn.js');

/** Peers of ours and of plugins that npm and pnpm install by themselves, and yarn does not. */
const PEERS = ['@anc/core', '@tensorflow/tfjs-core@4.22.0'];

/** The documented variable: without it the native runtime is lost where the files for CUDA are out of reach. */
const SKIP = { ONNXRUNTIME_NODE_INSTALL: 'skip' };

const yarn4 = (nodeLinker) => ({
  files: ({ registry, caches }) => ({
    'yarn.lock': '',
    '.yarnrc.yml': JSON.stringify({
      nodeLinker,
      npmRegistryServer: registry.replace(/\/$/, ''),
      unsafeHttpWhitelist: ['127.0.0.1'],
      enableGlobalCache: false,
      globalFolder: join(caches, 'yarn-4'),
      compressionLevel: 0,
      enableTelemetry: false,
      enableImmutableInstalls: false,
      npmMinimalAgeGate: 0, // packages of a minute ago are what this is for
    }),
  }),
  add: (specs) => ['node', [YARN_4, 'add', ...specs, ...PEERS]],
  cli: (args) => ['node', [YARN_4, 'run', 'anc-cli', ...args]],
  node: (args) => ['node', [YARN_4, 'node', ...args]],
  env: { ...SKIP, YARN_IGNORE_PATH: '1' },
  folders: nodeLinker === 'pnp' ? ['.yarn', '.pnp.cjs'] : ['node_modules'],
});

/**
 * How each package manager is used, as its documentation tells its users: files of a new project, and commands.
 *
 * @typedef {{ registry: string, caches: string }} Places
 * @type {Record<string, {
 *   files(places: Places): Record<string, string>, add(specs: string[]): [string, string[]],
 *   cli(args: string[]): [string, string[]], node(args: string[]): [string, string[]], env: object, folders: string[]
 * }>}
 */
export const MANAGERS = {
  npm: {
    files: () => ({}),
    add: (specs) => ['npm', ['install', '--onnxruntime-node-install=skip', '--loglevel=error', ...specs]],
    cli: (args) => ['npx', ['--no', '--', 'anc-cli', ...args]],
    node: (args) => ['node', args],
    env: {},
    folders: ['node_modules'],
  },
  pnpm: {
    files: ({ registry, caches }) => ({
      '.npmrc': `${npmrc(registry)}store-dir=${join(caches, 'pnpm')}\ncache-dir=${join(caches, 'pnpm-cache')}\n`,
    }),
    add: (specs) => ['node', [PNPM, 'add', ...specs]],
    cli: (args) => ['node', [PNPM, '--silent', 'exec', 'anc-cli', ...args]],
    node: (args) => ['node', args],
    env: SKIP,
    folders: ['node_modules'],
  },
  'yarn 1': {
    files: ({ caches }) => ({ '.yarnrc': `cache-folder "${join(caches, 'yarn-1')}"\n` }),
    add: (specs) => ['node', [YARN_1, 'add', '--silent', '--non-interactive', ...specs, ...PEERS]],
    cli: (args) => ['node', [YARN_1, '--silent', 'run', 'anc-cli', ...args]],
    node: (args) => ['node', args],
    env: SKIP,
    folders: ['node_modules'],
  },
  'yarn 4 PnP': yarn4('pnp'),
  'yarn 4 node_modules': yarn4('node-modules'),
};

/** An empty project of a package manager. Its methods throw with all output where a command fails. */
export class Project {
  constructor(name, folder, places, path = process.env.PATH) {
    this.folder = folder;
    this.manager = MANAGERS[name];
    this.env = { ...this.manager.env, PATH: path };
    const manifest = { name: 'user', version: '1.0.0', private: true, type: 'module' };
    this.write({
      'package.json': JSON.stringify(manifest),
      '.npmrc': npmrc(places.registry),
      ...this.manager.files(places),
    });
  }

  write(files) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
  }

  run([program, args], exitCode = 0) {
    return run(program, args, { cwd: this.folder, env: this.env, exitCode });
  }

  add(...specs) {
    return this.run(this.manager.add(specs));
  }

  /** Runs `anc-cli … --json` and returns its document. */
  json(args, exitCode = 0) {
    return JSON.parse(this.run(this.manager.cli([...args, '--json']), exitCode).stdout);
  }

  /** Runs a program of this project, an ES module. */
  evaluate(code) {
    this.write({ 'program.mjs': code });
    return this.run(this.manager.node(['program.mjs'])).stdout.trim();
  }

  /** Bytes of all that was installed. */
  size() {
    const sizeOf = (path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return 0;
      if (!stat.isDirectory()) return stat.size;
      const entries = readdirSync(path, { withFileTypes: true }).filter((entry) => !entry.isSymbolicLink());
      return entries.reduce((sum, { name }) => sum + sizeOf(join(path, name)), 0);
    };
    return this.manager.folders.reduce((sum, name) => sum + sizeOf(join(this.folder, name)), 0);
  }
}
