/**
 * Packs every package, installs the tarballs in an empty folder as a user's project would, and uses `npx anc-cli`
 * there: nothing of this repository (workspace links, sources, development dependencies) is in reach.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packWorkspaces } from './pack.mjs';

const LISTED = ['models', 'datasets', 'methods', 'discriminators', 'regularizers', 'backends'];

const folder = mkdtempSync(join(tmpdir(), 'anc-user-'));
const project = join(folder, 'project');
const env = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^npm_(config|package|lifecycle)_/i.test(key)),
);

function run(program, args) {
  return spawnSync(program, args, { cwd: project, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs `npx anc-cli …` and returns its stdout; throws with all it said where the exit code is another one. */
function cli(args, exitCode = 0) {
  const { status, stdout, stderr } = run('npx', ['--no', '--', 'anc-cli', ...args]);
  if (status !== exitCode)
    throw new Error(
      `anc-cli ${args.join(' ')}: exit code ${status}, expected ${exitCode}\n${stdout}${stderr}`,
    );
  return stdout;
}

/** What `doctor` reports about the default backend. */
const doctor = (...flags) =>
  JSON.parse(cli(['doctor', 'onnx', '--seconds', '0.1', '--json', ...flags])).backends[0];

/** The package whose engine the default backend finds. */
const engine = () =>
  existsSync(join(project, 'node_modules', 'onnxruntime-node')) && doctor().install === null
    ? 'onnxruntime-node'
    : 'onnxruntime-web';

function expect(holds, message) {
  if (!holds) throw new Error(message);
}

let code = 0;
try {
  const packed = packWorkspaces(folder);
  mkdirSync(project);
  const dependencies = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  // The documented option: without it the native runtime is lost where the CUDA files are out of reach.
  const flags = ['--onnxruntime-node-install=skip', '--no-audit', '--no-fund', '--loglevel=error'];
  const installed = run('npm', ['install', ...flags]);
  expect(installed.status === 0, `npm install failed\n${installed.stdout}${installed.stderr}`);

  const { version } = packed.find(({ name }) => name === 'anc-cli');
  expect(cli(['--version']).includes(version), `anc-cli --version does not name ${version}`);
  const help = cli(['--help']);
  for (const command of ['run', 'list', 'describe'])
    expect(help.includes(command), `--help lacks ${command}`);

  const list = JSON.parse(cli(['list', '--json']));
  for (const kind of LISTED)
    expect(Array.isArray(list[kind]) && list[kind].length > 0, `list --json has no ${kind}`);
  const model = list.models[0];
  expect(typeof model.name === 'string' && typeof model.package === 'string', 'a model is { name, package }');

  const described = JSON.parse(cli(['describe', 'model', 'lenet4', '--json']));
  expect(described.parameters > 0 && described.flops > 0, 'describe model lenet4 counts nothing');

  const refused = JSON.parse(cli(['run', '--dataset', 'glyfs', '--json'], 2));
  expect(
    /^ANC_/.test(refused.error?.code) && refused.error.message.includes('glyphs'),
    'an unknown dataset is answered',
  );
  expect(!existsSync(join(project, 'runs')), 'a refused run left something on the disk');

  expect(engine() === 'onnxruntime-node', 'npm install with the documented option has no native runtime');
  rmSync(join(project, 'node_modules', 'onnxruntime-node'), { recursive: true });
  const tiny = [
    '--dataset',
    'glyphs(train=32,test=16)',
    '--epochs',
    '1',
    '--batch-size',
    '16',
    '--name',
    'tiny',
  ];
  const models = ['--teacher', 'lenet5', '--student', 'lenet5', '--methods', 'l2', '--quiet', '--json'];
  const trained = JSON.parse(cli(['run', ...tiny, ...models]));
  expect(trained.backend === 'tfjs:wasm', `without the native runtime, ${trained.backend} trained`);
  const command = doctor().remedy;
  expect(command?.includes('--onnxruntime-node-install=skip'), `doctor suggests ${command}`);
  expect(doctor('--fix').install === null, 'doctor --fix reports that the native runtime is still missing');
  expect(engine() === 'onnxruntime-node', 'doctor --fix did not install the native runtime');
  const manifest = readFileSync(join(project, 'package.json'), 'utf8');
  expect(!manifest.includes('onnxruntime-node'), 'doctor --fix changed package.json');

  for (const name of Object.keys(dependencies)) {
    const imported = run('node', ['--input-type=module', '-e', `await import(${JSON.stringify(name)})`]);
    expect(imported.status === 0, `import '${name}' failed\n${imported.stderr}`);
  }
  console.log(`${packed.length} packages installed; anc-cli ${version} lists ${list.models.length} models`);
} catch (error) {
  console.log(error.message);
  code = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = code;
