/** Python for interop stages: a virtual environment of its own in a temporary folder, filled from PyPI. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SKIPPED = 77;
const UV = '0.13.9';

function attempt(program, args, options = {}) {
  return spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** Ends this stage as skipped; the reason is the last line that it prints. */
export function skip(reason) {
  console.log(reason);
  process.exit(SKIPPED);
}

/**
 * Makes a virtual environment under `folder` holding `requirements`; skips the stage where that cannot be had.
 * `ANC_PYTHON` names a Python that is used instead where it has the packages, of whatever version.
 * @param {string} folder an existing folder, removed by the caller
 * @param {string[]} requirements pinned: `name==version`
 * @returns {(script: string, args: string[]) => string} runs Python source, gives what it printed, throws where it fails
 */
export const pythonWith = (folder, requirements) => scriptsOf(pythonPath(folder, requirements));

/**
 * The same, as the path of the interpreter.
 * @param {string} folder
 * @param {string[]} requirements
 */
export function pythonPath(folder, requirements) {
  const given = process.env.ANC_PYTHON;
  if (given !== undefined && hasAll(given, requirements)) return given;
  const environment = join(folder, 'venv');
  const made = attempt('python3', ['-m', 'venv', environment]);
  if (made.error || made.status !== 0) skip('no python3 with venv on this machine');
  const bin = join(environment, process.platform === 'win32' ? 'Scripts' : 'bin');
  const python = join(bin, 'python');
  const installed = install(python, join(folder, 'uv-cache'), requirements);
  if (installed.status !== 0) {
    const why = installed.stderr.trim().split('\n').at(-1) ?? 'no answer';
    skip(`pip cannot install ${requirements.join(', ')}: ${why}`);
  }
  return python;
}

/** Installs by uv, which takes half of pip's processor time for PyTorch; by pip where that fails. */
function install(python, cache, requirements) {
  const timeout = 600_000;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile'];
  const binaries = '--only-binary=:all:';
  if (attempt(python, [...pip, binaries, `uv==${UV}`], { timeout }).status === 0) {
    const uv = ['-m', 'uv', 'pip', 'install', '--quiet', binaries, '--python', python, '--cache-dir', cache];
    const installed = attempt(python, [...uv, ...requirements], { timeout });
    if (installed.status === 0) return installed;
  }
  return attempt(python, [...pip, binaries, ...requirements], { timeout });
}

/** Whether a Python has packages of these names, of whatever version. */
function hasAll(python, requirements) {
  const names = requirements.map((requirement) => requirement.split('==')[0]);
  const script = 'import sys, importlib.metadata as m; [m.version(name) for name in sys.argv[1:]]';
  return attempt(python, ['-c', script, ...names]).status === 0;
}

const scriptsOf = (python) => (script, args) => {
  const run = attempt(python, ['-c', script, ...args], { maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new Error(`python failed\n${run.stdout}${run.stderr}`);
  return run.stdout;
};
