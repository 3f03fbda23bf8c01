import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = await workplace();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await place.remove();
});

const program = (...args: string[]) => inProcess(args, place.path);

describe('anc-cli', () => {
  it('prints help and version', async () => {
    const help = await program('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/run [^]*list /);
    expect((await program('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const run = await program('run', '--help');
    expect(run.stdout).toMatch(/Objective[^]*--dropout <share>[^]*--json/);
    expect(run.stdout).toMatch(/--time </);
    expect((await program('compare', '--help')).stdout).not.toMatch(/--time </);
  });

  it('lists what there is as one document', async () => {
    const { code, stdout, stderr } = await program('list', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const list = JSON.parse(stdout) as Record<string, { name: string; package: string }[]>;
    expect(list.models).toContainEqual(expect.objectContaining({ name: 'lenet4', package: '@anc/models' }));
    expect(list.datasets?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['glyphs', 'fashion-mnist']),
    );
    expect(list.methods?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['supervised', 'l2', 'kd', 'adversarial']),
    );
    expect(list.discriminators?.map(({ name }) => name)).toContain('128-256-128');
    expect(list.regularizers?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['none', 'l1', 'l2', 'adversarial-samples']),
    );
    expect(list.backends?.map(({ name }) => name)).toContain('onnx');
  });

  it('describes a model as one document, with the counts of the paper', async () => {
    const { stdout } = await program('describe', 'model', 'lenet4', '--json');
    const model = JSON.parse(stdout) as { parameters: number; flops: number; layers: { flops: number }[] };
    expect(model).toMatchObject({ name: 'lenet4', input: [28, 28, 1], classes: 10, parameters: 2_315_018 });
    expect(model.layers.reduce((sum, { flops }) => sum + flops, 0)).toBe(model.flops);
    const wide = await program('describe', 'model', 'lenet4', '--input', '32x32x3', '--json');
    expect(JSON.parse(wide.stdout)).toMatchObject({ input: [32, 32, 3] });
  });

  it('describes recipes in full, defaults included, and where data sets differ', async () => {
    const both = JSON.parse((await program('describe', 'recipe', '--json')).stdout) as { name: string }[];
    expect(both.map(({ name }) => name)).toEqual(['paper', 'modern', 'given-teacher']);
    expect(both[0]).toMatchObject({
      epochs: 260,
      optimizer: { momentum: 0.9 },
      recipe: { momentum: 0.9 },
      objective: { dropout: 0.5, discriminatorSteps: 1 },
      datasets: { svhn: { recipe: { optimizer: 'adam' } } },
    });
    const { stdout } = await program('describe', 'recipe', 'modern');
    expect(stdout).toMatch(/^# modern: .*\n.*--preset modern[^]*name: gradient-norm\n/);
  });

  it('includes plugins by path, from a flag or the configuration file here', async () => {
    const source = `export default { name: 'mine', apiVersion: 1, [Symbol.for('@anc/plugin')]: true, balancers: {
      steady: { options: { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } }, create: () => ({}) } } };`;
    await writeFile(join(place.path, 'mine.mjs'), source);
    const names = async (...args: string[]): Promise<unknown> =>
      (JSON.parse((await program('list', '--json', ...args)).stdout) as { balancers: unknown }).balancers;
    const mine = expect.objectContaining({ name: 'steady', package: 'mine' }) as unknown;
    expect(await names('--plugins', './mine.mjs')).toContainEqual(mine);
    await writeFile(join(place.path, 'anc.config.yaml'), 'plugins: [./mine.mjs]\n');
    expect(await names()).toContainEqual(mine);
  });
});

describe('a request that cannot be met: one clear error, exit code 2, nothing written', () => {
  it.each<[string, string[], string, RegExp]>([
    ['a command that is not', ['rnu'], 'ANC_USAGE', /Did you mean run/],
    ['a flag that is not', ['run', '--epoch', '3'], 'ANC_USAGE', /Did you mean --epochs/],
    ['a value out of range', ['run', '--epochs', '-1'], 'ANC_CONFIG', /--epochs: expected at least 1/],
    [
      'a dataset that is not',
      ['run', '--dataset', 'glyph'],
      'ANC_UNKNOWN',
      /no dataset named "glyph"[^]*did you mean "glyphs"/,
    ],
    ['a model that is not', ['run', '--student', 'lenet44'], 'ANC_UNKNOWN', /did you mean "lenet4"/],
    [
      'a method that is not',
      ['run', '--methods', 'l2,adverserial'],
      'ANC_UNKNOWN',
      /did you mean "adversarial"/,
    ],
    ['a discriminator that is not', ['run', '--discriminator', 'gan'], 'ANC_UNKNOWN', /128-256-128/],
    ['a backend that is not', ['run', '--backend', 'onx'], 'ANC_UNKNOWN', /did you mean "onnx"/],
    [
      'a model option that is not',
      ['run', '--student', 'cnn(wdths=[4])'],
      'ANC_OPTIONS',
      /did you mean "widths"/,
    ],
    [
      'a network too large for the images',
      ['run', '--student', 'cnn(widths=[4,4,4,4,4,4],pools=6)'],
      'ANC_MODEL_INPUT',
      /./,
    ],
    ['a folder that cannot be made', ['run', '--out', 'file/runs'], 'ANC_RUN_UNWRITABLE', /--out/],
    ['a run that is there', ['run', '--out', '.', '--name', 'taken'], 'ANC_RUN_EXISTS', /--resume/],
    [
      'an alias without an anchor',
      ['run', '--config', 'alias.yaml'],
      'ANC_CONFIG',
      /alias.yaml:2:10: the alias \*none has no anchor/,
    ],
    [
      'changed options of a new run',
      ['run', '--change-options'],
      'ANC_CONFIG',
      /--change-options: there is no run to resume/,
    ],
    ['nothing to resume', ['run', '--resume', 'none'], 'ANC_RUN_MISSING', /not a run folder/],
    [
      'data that is not there',
      ['run', '--dataset', 'fashion-mnist', '--data-dir', 'taken', '--offline'],
      'ANC_DATA_MISSING',
      /taken\/fashion-mnist\/train-images[^]*--offline/,
    ],
    ['data that nobody publishes', ['data', 'get', 'imagenet'], 'ANC_DATA_NO_DOWNLOAD', /val\/<wnid>/],
    ['a dataset to get that is not', ['data', 'get', 'cifar'], 'ANC_UNKNOWN', /did you mean "cifar10"/],
    ['a split that is not', ['data', 'info', 'glyphs', '--sheet-of', 'tset'], 'ANC_USAGE', /train or test/],
    [
      'a typo in the configuration',
      ['run', '--config', 'typo.yaml'],
      'ANC_CONFIG',
      /typo\.yaml:2:1: "epohcs"[^]*did you mean "epochs"/,
    ],
    ['a plugin that is not', ['run', '--plugins', './none.mjs'], 'ANC_PLUGIN_MISSING', /none\.mjs/],
    ['a model to describe that is not', ['describe', 'model', 'nim'], 'ANC_UNKNOWN', /did you mean "nin"/],
    ['a recipe that is not', ['describe', 'recipe', 'modren'], 'ANC_UNKNOWN', /did you mean "modern"/],
    ['no name to describe', ['describe', 'model'], 'ANC_USAGE', /no model was named/],
    ['a kind to describe that is not', ['describe', 'modle', 'nin'], 'ANC_UNKNOWN', /did you mean "model"/],
  ])('%s', async (_, args, code, message) => {
    await writeFile(join(place.path, 'file'), '');
    await writeFile(join(place.path, 'typo.yaml'), 'seed: 1\nepohcs: 3\n');
    await writeFile(join(place.path, 'alias.yaml'), 'seed: 1\ndataset: *none\n');
    await mkdir(join(place.path, 'taken'));
    await writeFile(join(place.path, 'taken', 'notes.txt'), ''); // an empty folder would be free
    const before = await place.files();
    vi.stubEnv('ANC_DATA_DIR', '');
    vi.stubEnv('ANC_CACHE_DIR', join(place.path, 'taken'));
    const outcome = await program(...args, '--json');
    expect(outcome.code).toBe(2);
    const { error } = JSON.parse(outcome.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await place.files()).toEqual(before);
  });

  it('goes to stderr, once, without --json', async () => {
    const { code, stdout, stderr } = await program('run', '--epochs', '-1');
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: --epochs: expected at least 1.\n  received: -1\n',
    });
  });
});

describe('the built program, in a process of its own', () => {
  it('tells of a promise that a plugin left alone as of any other error', async () => {
    const forgetful = `void Promise.reject(new Error('forgotten')); await new Promise((done) => setTimeout(done, 9e4));`;
    await writeFile(join(place.path, 'forgetful.mjs'), forgetful);
    const args = ['list', '--plugins', './forgetful.mjs', '--json'];
    const { code, stdout, stderr } = await ancCli(args, { cwd: place.path });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'ANC_INTERNAL', message: 'forgotten' } });
    expect(stderr).toBe('');
  });

  it('prints nothing but one document on stdout, and ends with the right code', async () => {
    const list = await ancCli(['list', '--json'], { cwd: place.path });
    expect(list).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(Object.keys(JSON.parse(list.stdout) as object)).toContain('models');
    const wrong = await ancCli(['run', '--epochs', '-1', '--json'], { cwd: place.path });
    expect(wrong).toMatchObject({ code: 2, signal: null, stderr: '' });
    expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'ANC_CONFIG' } });
    expect(await place.files()).toEqual([]);
  });
});
