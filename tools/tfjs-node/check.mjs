/** CI stage: the backend contract on `tfjs:node`, with TensorFlow's real C library. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { skip } from '../ci/python.mjs';
import { installTfjsNode, Unavailable } from './install.mjs';

if (process.platform !== 'linux') skip('the recipe for tfjs-node is for Linux');
const folder = mkdtempSync(join(tmpdir(), 'anc-tfjs-node-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  installTfjsNode(folder);
} catch (error) {
  if (error instanceof Unavailable) skip(error.message);
  throw error;
}

// The backend finds tfjs-node from the working directory, as it does for whoever calls npx.
const suite = fileURLToPath(new URL('suite.mjs', import.meta.url));
const { status, stdout, stderr } = spawnSync(process.execPath, [suite], { cwd: folder, encoding: 'utf8' });
console.log(stdout.trimEnd());
if (stderr.trim() !== '') console.log(`written to stderr by a library:\n${stderr}`);
process.exitCode = status === 0 && stderr.trim() === '' ? 0 : 1;
