import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { expect, run, USER_ENVIRONMENT } from './processes.mjs';

const LISTED = ['models', 'datasets', 'methods', 'discriminators', 'regularizers', 'backends'];

/** Few steps on images that the program draws. */
export const TINY = [
  ['--dataset', 'glyphs(train=32,test=16)', '--epochs', '1', '--batch-size', '16'],
  ['--teacher', 'lenet5', '--student', 'lenet5', '--quiet'],
].flat();

const PLUGIN = ['--plugins', 'anc-plugin-leaky'];
/** Trains with the plugin's discriminator. */
const WITH_PLUGIN = [...TINY, ...PLUGIN, '--methods', 'adversarial', '--discriminator', 'leaky'];

/**
 * What everybody does with an installation: `list`, `doctor`, a run with a plugin from the registry.
 *
 * @returns {Promise<{ engine: string, firstEpoch: number }>} what computed; seconds from the command to the end of the
 *   first epoch
 */
export async function checkInstallation(project, version) {
  const list = project.json(['list', ...PLUGIN]);
  for (const kind of LISTED)
    expect(Array.isArray(list[kind]) && list[kind].length > 0, `list --json has no ${kind}`);
  const leaky = list.discriminators.find(({ name }) => name === 'leaky');
  expect(leaky?.package === 'anc-plugin-leaky', 'list does not show the plugin');

  const { backends } = project.json(['doctor', 'onnx', 'tfjs:wasm', '--seconds', '0.1']);
  for (const { name, usable, reason } of backends) expect(usable, `doctor: ${name} is not usable: ${reason}`);

  const trained = await trainAndWatch(project);
  const environment = JSON.parse(readFileSync(join(project.folder, 'runs/tiny/environment.json'), 'utf8'));
  for (const name of ['@anc/core', '@anc/pipeline'])
    expect(
      environment.versions[name] === version,
      `${name} ${environment.versions[name]}, expected ${version}`,
    );
  return { engine: environment.backend.runtime ?? environment.backend.name, ...trained };
}

/** Runs the program to its end, and notes when the first epoch was written. */
async function trainAndWatch(project) {
  const metrics = join(project.folder, 'runs/tiny/metrics.jsonl');
  const [program, args] = project.manager.cli(['run', ...WITH_PLUGIN, '--name', 'tiny', '--json']);
  const start = performance.now();
  const child = spawn(program, args, {
    cwd: project.folder,
    env: { ...USER_ENVIRONMENT, ...project.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, code] = ['', '', null];
  child.stdout.on('data', (data) => (stdout += data));
  child.stderr.on('data', (data) => (stderr += data));
  const ended = once(child, 'close').then(([status]) => (code = status));
  let firstEpoch = null;
  while (code === null && firstEpoch === null) {
    if (existsSync(metrics) && readFileSync(metrics, 'utf8').includes('\n'))
      firstEpoch = (performance.now() - start) / 1000;
    else await sleep(20);
  }
  await ended;
  expect(code === 0, `run: exit code ${code}\n${stdout}${stderr}`);
  const [student] = JSON.parse(stdout).students;
  expect(student.agreement >= 0 && student.agreement <= 1, `agreement ${student.agreement}`);
  return { firstEpoch };
}

/** Where `@anc/core` is for the program, for the plugin, and for the project. */
export const coreCopies = (project) =>
  JSON.parse(
    project.evaluate(`
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
const here = createRequire(import.meta.url);
const copies = ['anc-cli', 'anc-plugin-leaky'].map((name) => {
  const manifest = createRequire(here.resolve(name)).resolve('@anc/core/package.json');
  return [realpathSync(manifest), JSON.parse(readFileSync(manifest, 'utf8')).version];
});
console.log(JSON.stringify(Object.fromEntries(copies)));`),
  );

/** Every package can be imported on its own. */
export const importAll = (project, names) =>
  project.evaluate(names.map((name) => `await import('${name}');`).join('\n'));

/** `--version`, `--help`, and `describe` of a network. */
export function checkHelp(project, version) {
  const text = (...args) => project.run(project.manager.cli(args)).stdout;
  expect(text('--version').includes(version), `anc-cli --version does not name ${version}`);
  const help = text('--help');
  for (const command of ['run', 'list', 'describe', 'doctor'])
    expect(help.includes(command), `--help lacks ${command}`);
  const { parameters, flops } = project.json(['describe', 'model', 'lenet4']);
  expect(parameters > 0 && flops > 0, 'describe model lenet4 counts nothing');
}

/** A refused run names the mistake and leaves nothing. */
export function checkRefusal(project) {
  const refused = project.json(['run', '--dataset', 'glyfs', '--name', 'refused'], 2);
  expect(
    /^ANC_/.test(refused.error?.code) && refused.error.message.includes('glyphs'),
    'an unknown dataset is answered',
  );
  expect(!existsSync(join(project.folder, 'runs/refused')), 'a refused run left something on the disk');
}

/** A folder of images needs sharp, which nobody installed: one error with the command, and no second one. */
export async function checkMissingSharp(project) {
  const classes = ['a', 'b'];
  for (const name of classes) mkdirSync(join(project.folder, 'images', name), { recursive: true });
  const create = { width: 4, height: 4, channels: 3, background: 'red' };
  for (let i = 0; i < 64; i++)
    await sharp({ create }).toFile(join(project.folder, 'images', classes[i % 2], `${i}.png`));
  for (const args of [
    ['data', 'info', 'images'],
    ['run', ...TINY.slice(2), '--dataset', 'image-folder', '--data-dir', 'images', '--methods', 'kd'],
  ]) {
    const { stdout, stderr } = project.run(project.manager.cli(args), 2);
    const times = `${stdout}${stderr}`.split('npm install sharp').length - 1;
    expect(times === 1, `anc-cli ${args[0]}: sharp is reported ${times} times\n${stdout}${stderr}`);
  }
}

/** Without the native runtime a run takes the fallback, and `doctor --fix` brings the runtime. */
export function checkFallbackAndFix(project) {
  rmSync(join(project.folder, 'node_modules', 'onnxruntime-node'), { recursive: true, force: true });
  const trained = project.json(['run', ...TINY, '--methods', 'l2', '--name', 'fallback']);
  expect(trained.backend === 'tfjs:wasm', `without the native runtime, ${trained.backend} trained`);
  const doctor = (...flags) => project.json(['doctor', 'onnx', '--seconds', '0.1', ...flags]).backends[0];
  const { remedy } = doctor();
  expect(remedy?.includes('--onnxruntime-node-install=skip'), `doctor suggests ${remedy}`);
  expect(doctor('--fix').install === null, 'doctor --fix reports that the native runtime is still missing');
  expect(
    existsSync(join(project.folder, 'node_modules', 'onnxruntime-node')),
    'doctor --fix did not install the native runtime',
  );
  const manifest = readFileSync(join(project.folder, 'package.json'), 'utf8');
  expect(!manifest.includes('onnxruntime-node'), 'doctor --fix changed package.json');
}

/** `npm create` writes a package whose dependencies the registry has, all of them and of this release. */
export function checkCreate(project, version, cache) {
  // A cache of its own: npm keeps what `npm create` installs by its name and version, whatever registry it is from.
  const npm = (args, cwd) => run('npm', args, { cwd, env: { ...project.env, npm_config_cache: cache } });
  const args = ['discriminator', 'own', '--json'];
  const { stdout } = npm(['create', '--yes', `anc-plugin@${version}`, '--', ...args], project.folder);
  // Before the document, npm prints what it runs.
  const { folder, files } = JSON.parse(stdout.slice(stdout.indexOf('{')));
  for (const name of files) expect(existsSync(join(folder, name)), `npm create anc-plugin: no file ${name}`);
  copyFileSync(join(project.folder, '.npmrc'), join(folder, '.npmrc'));
  npm(['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error'], folder);
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const ours = Object.entries(packages).filter(([path]) => /node_modules\/(@anc\/|anc-cli$)/.test(path));
  expect(
    ours.length > 0 && ours.every(([, one]) => one.version === version),
    `npm create anc-plugin@${version}: depends on ${ours.map(([path, one]) => `${path} ${one.version}`)}`,
  );
}
