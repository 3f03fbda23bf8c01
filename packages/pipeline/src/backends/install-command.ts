import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { shellQuoted } from '@anc/core/internal';

/** Where this program is installed, and the package manager that installed it there. */
export interface Installation {
  /** The folder with `node_modules`. */
  readonly root: string;
  readonly manager: 'npm' | 'yarn' | 'pnpm' | 'bun';
  /** Whether it is the folder of `npm install --global`. */
  readonly global: boolean;
}

/** A command that installs a package, for a person and to be run. */
export interface InstallCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables to set beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** As a user types it in `cwd`. */
  readonly text: string;
}

const LOCKFILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
] as const;

/**
 * The installation that a file belongs to: the folder around the first `node_modules` of its path; in a checkout, which has
 * none there, the nearest folder with a lockfile.
 */
export function installationOf(file: string): Installation {
  const parts = file.split(sep);
  const at = parts.indexOf('node_modules');
  const root = at > 0 ? parts.slice(0, at).join(sep) || sep : nearestLock(dirname(file));
  const found = LOCKFILES.find(([name]) => existsSync(join(root, name)));
  return { root, manager: found?.[1] ?? 'npm', global: !existsSync(join(root, 'package.json')) };
}

/** The installation of this program. Yarn's Plug'n'Play keeps packages in archives elsewhere: there, the user's project. */
export function ownInstallation(cwd: string): Installation {
  if (process.versions.pnp !== undefined) return { root: nearestLock(cwd), manager: 'yarn', global: false };
  return installationOf(createRequire(import.meta.url).resolve('@anc/core/package.json'));
}

function nearestLock(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (
      ['package-lock.json', ...LOCKFILES.map(([name]) => name)].some((name) => existsSync(join(folder, name)))
    )
      return folder;
    if (dirname(folder) === folder) return from;
  }
}

/**
 * The install script of onnxruntime-node downloads CUDA files from outside the npm registry; where it cannot reach them, a
 * package manager drops the whole optional package. Its processor build needs none of them.
 */
const ONNX_RUNTIME = 'onnxruntime-node';
const SKIP = { ONNXRUNTIME_NODE_INSTALL: 'skip' };

/**
 * The command that installs a package where this program finds it.
 *
 * @param spec `name@version`
 */
export function installCommand(
  spec: string,
  { root, manager, global }: Installation,
  cwd: string,
): InstallCommand {
  const own = spec.startsWith(`${ONNX_RUNTIME}@`);
  const args = argumentsOf(spec, manager, global, own);
  const env = own ? SKIP : {};
  // npm takes the variable as an option, which every shell can write.
  const before = own && manager !== 'npm' ? 'ONNXRUNTIME_NODE_INSTALL=skip ' : '';
  const there = !global && relative(cwd, root) !== '' ? `cd ${shellQuoted(root)} && ` : '';
  return { program: manager, args, cwd: root, env, text: `${there}${before}${[manager, ...args].join(' ')}` };
}

function argumentsOf(
  spec: string,
  manager: Installation['manager'],
  global: boolean,
  own: boolean,
): readonly string[] {
  if (manager === 'npm') {
    const where = global ? ['--global'] : [];
    // An optional dependency of ours, to which the lockfile has an entry: no dependency of the user's project.
    return own
      ? ['install', ...where, '--no-save', '--force', '--onnxruntime-node-install=skip', spec]
      : ['install', ...where, spec];
  }
  if (own) return ['install', '--force'];
  return ['add', spec];
}
