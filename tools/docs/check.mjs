/** CI stage: installs the tools of the documentation, and runs every check of it. */
import { spawnSync } from 'node:child_process';
import { root } from './entry-points.mjs';

const CHECKS = ['codes.mjs', 'snippets.mjs', 'api.mjs', 'site.mjs'];

function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (error !== undefined) console.log(`${program}: ${error.message}`);
  return status === 0;
}

const isReady = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], `${root}docs`);
const failed = isReady
  ? CHECKS.filter((check) => !run(process.execPath, [`${root}tools/docs/${check}`], root))
  : ['npm ci in docs/'];
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
