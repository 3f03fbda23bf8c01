import { createRequire } from 'node:module';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000 });

const require = createRequire(import.meta.url);
const tfjs = pathToFileURL(require.resolve('@tensorflow/tfjs-core'));

/** Two data terms, one of which has the name of a built-in one, and a schedule whose file is imported. */
const zoo = `
import * as tf from '${tfjs.href}';
import { half } from './half.js';
const options = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
const term = (name) => ({
  options,
  create: () => ({ name, loss: (student, teacher) => tf.mean(tf.squaredDifference(student, teacher)) }),
});
export default {
  name: 'anc-plugin-zoo',
  apiVersion: 1,
  [Symbol.for('@anc/plugin')]: true,
  dataTerms: { l2: term('zoo-l2'), squares: term('squares') },
  schedules: { half: { options, create: () => half } },
};`;
const half = "export const half = { name: 'half', factor: () => 0.5 };";

let place: Workplace;
let installed: string;
beforeAll(async () => {
  place = await workplace();
  installed = join(place.path, 'node_modules', 'anc-plugin-zoo');
  await mkdir(installed, { recursive: true });
  await writeFile(
    join(installed, 'package.json'),
    '{ "name": "anc-plugin-zoo", "version": "1.2.3", "type": "module", "exports": "./index.js" }',
  );
  await writeFile(join(installed, 'index.js'), zoo);
  await writeFile(join(installed, 'half.js'), half);
  await writeFile(
    join(place.path, 'package.json'),
    '{ "dependencies": { "anc-plugin-zoo": "1", "anc-plugin-gone": "1" } }',
  );
});
afterAll(() => place.remove());

const cli = (...args: string[]) => inProcess([...args, '--json'], place.path);
const errorOf = ({ stdout }: { stdout: string }) =>
  (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
const run = [
  ...[
    'run',
    '--teacher',
    'cnn(widths=[2],features=4)',
    '--student',
    '@anc/models:cnn(widths=[2],features=4)',
  ],
  ...['--dataset', '@anc/datasets:glyphs', '--methods', '@anc/methods:adversarial', '--backend', 'tfjs:cpu'],
  ...['--limit-train', '64', '--limit-test', '32', '--batch-size', '32', '--epochs', '1'],
];

describe("plugins among the packages of the user's project", () => {
  it('are listed, by kind and by plugin; one that is not there is reported', async () => {
    const { code, stdout, stderr } = await cli('list', '--kind', 'schedule', '--plugin', 'anc-plugin-zoo');
    expect({ code, list: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      list: { schedules: [{ name: 'half', package: 'anc-plugin-zoo', summary: null }] },
    });
    expect(stderr).toContain('anc-plugin-gone cannot be used');
    expect(errorOf(await cli('list', '--plugin', 'anc-plugin-gone')).code).toBe('ANC_PLUGIN_MISSING');
    expect(errorOf(await cli('list', '--plugin', 'anc-plugin-zooo')).message).toContain(
      'did you mean "anc-plugin-zoo"',
    );
    expect(errorOf(await cli('list', '--kind', 'schedul')).message).toContain('did you mean "schedule"');
  });

  it.each([
    ['a flag', ['--no-discover-plugins'], {}],
    ['the environment', [], { ANC_DISCOVER_PLUGINS: '0' }],
    ['the configuration file', ['--config', 'off.yaml'], {}],
  ])('are turned off by %s', async (_how, flags, environment) => {
    await writeFile(join(place.path, 'off.yaml'), 'discoverPlugins: false\n');
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const { code, stderr } = await cli('describe', 'schedule', 'half', ...flags);
    vi.unstubAllEnvs();
    expect(code).toBe(2);
    expect(stderr).not.toContain('anc-plugin-gone');
  });

  it('are recorded with what a run used of them, and a changed one is refused unless it is asked for', async () => {
    const clash = await cli(...run, '--plugins', 'anc-plugin-zoo', '--data-term', 'l2');
    expect(errorOf(clash)).toMatchObject({ code: 'ANC_PLUGIN_DUPLICATE' });
    expect(errorOf(clash).message).toContain('write @anc/methods:l2 or anc-plugin-zoo:l2');

    const { code, stderr } = await cli(
      ...run,
      '--data-term',
      'anc-plugin-zoo:l2',
      '--schedule',
      'half',
      '--out',
      'r',
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const folder = join(place.path, 'r', 'glyphs-1');
    const read = async () =>
      JSON.parse(await readFile(join(folder, 'environment.json'), 'utf8')) as {
        plugins: { name: string; digest: string }[];
        pluginChanges?: unknown[];
      };
    const before = (await read()).plugins.find(({ name }) => name === 'anc-plugin-zoo')!;
    expect(before).toMatchObject({ version: '1.2.3', source: 'package', discovered: true, used: true });
    const card = await readFile(join(folder, 'student', 'adversarial', 'README.md'), 'utf8');
    expect(card).toContain(`Plugins: \`anc-plugin-zoo\` 1.2.3 (\`${before.digest}\`).`);

    expect((await cli('run', '--resume', 'r/glyphs-1')).code).toBe(0);
    await writeFile(join(installed, 'half.js'), `${half} // changed`);
    expect(errorOf(await cli('run', '--resume', 'r/glyphs-1'))).toMatchObject({ code: 'ANC_PLUGIN_CHANGED' });
    const over = errorOf(await cli('run', '--resume', 'r/glyphs-1', '--change-plugins'));
    expect(over).toMatchObject({ code: 'ANC_PLUGIN_CHANGED' });
    expect(over.message).toContain('nothing is unfinished in this run');
    expect(await read()).not.toHaveProperty('pluginChanges');
    await rm(join(folder, 'student', 'adversarial'), { recursive: true });
    expect((await cli('run', '--resume', 'r/glyphs-1', '--change-plugins')).code).toBe(0);
    expect((await read()).pluginChanges).toMatchObject([{ plugins: [{ name: 'anc-plugin-zoo' }] }]);
    expect((await cli('run', '--resume', 'r/glyphs-1')).code).toBe(0);
  });

  it.each([
    ['compare', ['--seeds', '2', '--limit-test', '32'], 'seed 2'],
    ['tune', ['--budget', '2'], 'trial 2'],
  ])('may change in %s --resume where it is asked for', async (command, flags, after) => {
    const networks = ['--teacher', 'cnn(widths=[2],features=4)', '--student', 'cnn(widths=[2],features=4)'];
    const sizes = ['--limit-train', '200', '--batch-size', '32', '--epochs', '1'];
    const options = [...networks, ...sizes];
    const terms = ['--methods', 'adversarial-dead(dataTerm=squares),l2', '--out', command];
    const started = [command, ...options, ...flags, ...terms];
    const { code } = await inProcess(started, place.path, after);
    expect(code).toBe(130);
    await writeFile(join(installed, 'half.js'), `${half} // changed for ${command}`);
    const folder = join(command, `${command}-glyphs-1`);
    const refused = errorOf(await cli(command, '--resume', folder));
    expect(refused.code).toBe('ANC_PLUGIN_CHANGED');
    expect(refused.message).toContain(`anc-cli ${command} --resume`);
    expect((await cli(command, '--resume', folder, '--change-plugins')).code).toBe(0);
    expect(errorOf(await cli(command, ...options, '--change-plugins')).code).toBe('ANC_CONFIG');
  });
});

it('takes plugin objects of a configuration file in TypeScript, and plugins in TypeScript', async () => {
  const plugin = (name: string, kind: string) => `
    enum Weight { half = 0.5 }
    const options = { '~standard': { version: 1 as const, vendor: 'own', validate: (value: unknown) => ({ value }) } };
    const own: object = {
      name: '${name}', apiVersion: 1, [Symbol.for('@anc/plugin')]: true,
      schedules: { ${kind}: { options, create: () => ({ name: '${kind}', factor: () => Weight.half }) } },
    };`;
  await writeFile(join(place.path, 'own.ts'), `${plugin('anc-plugin-own', 'own')}\nexport default own;`);
  await writeFile(
    join(place.path, 'objects.config.ts'),
    `${plugin('anc-plugin-inline', 'inline')}\nexport default { plugins: [own, './own.ts'] };`,
  );
  const { stdout } = await cli(
    'list',
    '--kind',
    'schedule',
    '--config',
    'objects.config.ts',
    '--no-discover-plugins',
  );
  const { schedules } = JSON.parse(stdout) as { schedules: { name: string; package: string }[] };
  expect(schedules).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'inline', package: 'anc-plugin-inline' }),
      expect.objectContaining({ name: 'own', package: 'anc-plugin-own' }),
    ]),
  );
});
