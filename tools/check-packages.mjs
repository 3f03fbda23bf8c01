/**
 * Packs every public workspace as npm would publish it and checks the tarballs: publint (exports, files, fields),
 * are-the-types-wrong (ESM only), and what must not be in one (tests, build information).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packWorkspaces } from './e2e/pack.mjs';

const FORBIDDEN = /\.test\.|\.tsbuildinfo$|spec-types|^test\//;

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
