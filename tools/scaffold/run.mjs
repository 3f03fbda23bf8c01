/**
 * Writes a plugin's package as `npm create anc-plugin` does, and uses it as its author and its users would: build, test
 * with the contract suite, pack, unpack into another project, `anc-cli list` there by name.
 *
 *   node tools/scaffold/run.mjs                 one kind: a discriminator
 *   node tools/scaffold/run.mjs --kind hook     another kind
 *   node tools/scaffold/run.mjs --all           every kind; minutes
 *
 * Packages of this repository are linked, so nothing is installed: tools/e2e/registry.mjs installs from a registry.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pluginKinds, runCreate } from '../../packages/create-anc-plugin/dist/index.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { kind: { type: 'string', default: 'discriminator' }, all: { type: 'boolean', default: false } },
});

/** Runs a program; throws with all it printed where it fails. */
function run(cwd, program, ...args) {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...process.env, CI: 'true' } });
  if (done.status !== 0)
    throw new Error(`${program} ${args.join(' ')}: exit code ${done.status}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

async function tryKind(kind, folder) {
  let output = '';
  const write = (text) => (output += text);
  const args = [kind, `own-${kind}`, '--json'];
  const code = await runCreate(args, { stdout: { write }, stderr: { write }, cwd: () => folder });
  if (code !== 0) throw new Error(output);
  const written = JSON.parse(output);
  symlinkSync(join(ROOT, 'node_modules'), join(written.folder, 'node_modules'));

  run(written.folder, 'npm', 'run', '--silent', 'build');
  const tested = run(written.folder, 'npm', 'test', '--silent');
  const count = /Tests\s+(\d+) passed/.exec(tested.replaceAll(/\x1b\[\d+m/g, ''))?.[1];
  if (count === undefined) throw new Error(`no test passed\n${tested}`);

  const packed = JSON.parse(run(written.folder, 'npm', 'pack', '--ignore-scripts', '--json'));
  const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed);
  const paths = files.map(({ path }) => path);
  for (const path of ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts'])
    if (!paths.includes(path)) throw new Error(`the package has no ${path}: ${paths.join(', ')}`);
  if (paths.some((path) => path.startsWith('test'))) throw new Error(`it packs tests: ${paths.join(', ')}`);

  const user = join(folder, `user of ${kind}`);
  const installed = join(user, 'node_modules', written.package);
  mkdirSync(installed, { recursive: true });
  run(user, 'tar', '-xzf', join(written.folder, filename), '-C', installed, '--strip-components=1');
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  const { peerDependencies, name } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  if (!('@anc/core' in peerDependencies)) throw new Error('@anc/core is no peer of it');
  const cli = join(ROOT, 'packages', 'cli', 'bin', 'anc-cli.js');
  const list = JSON.parse(run(user, process.execPath, cli, 'list', '--plugins', name, '--json'));
  const found = Object.values(list)
    .flat()
    .find((one) => one.package === name);
  if (found?.name !== written.name) throw new Error(`list shows no ${written.name} of ${name}`);
  return `${kind}: ${written.files.length} files, ${count} tests passed, ${paths.length} files packed`;
}

const kinds = values.all ? pluginKinds : [values.kind];
const folder = mkdtempSync(join(tmpdir(), 'anc-scaffold-'));
let failures = 0;
try {
  for (const kind of kinds) {
    try {
      console.log(await tryKind(kind, folder));
    } catch (error) {
      failures += 1;
      console.log(`${kind}: ${error.message}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
