import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { definePlugin, PLUGIN_API_VERSION, type AncError } from '@anc/core';
import { cnn } from '@anc/models';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CornerTeacher } from '../../test/corner-teacher.js';
import { Corners } from '../../test/tiny-plugins.js';
import { callOf } from './call.js';
import { inFolder, runRequest, type RunInput } from './run-input.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-input-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const request = (input: RunInput = {}) => runRequest({ cwd, ...input });
const refusal = (input: object): Promise<AncError> =>
  request(input as RunInput).then(
    () => Promise.reject(new Error('nothing was refused')),
    (error: unknown) => error as AncError,
  );
const named = (name: string, options: Record<string, unknown> = {}) => ({ name, options });

const plugin = (name: string, dataset: string) =>
  definePlugin({
    name,
    apiVersion: PLUGIN_API_VERSION,
    datasets: { [dataset]: { options: z.looseObject({}), create: () => new Corners() } },
  });

describe('options of a call', () => {
  it.each([{ trainin: { epochs: 0 } }, { methodss: ['kd'] }, { epochs: 3 }])(
    'are those that there are: %o',
    async (wrong) => {
      const [key] = Object.keys(wrong);
      const error = await refusal(wrong);
      expect(error).toMatchObject({ code: 'ANC_CONFIG', detail: { path: [key] } });
      expect(error.message).toMatch(/there is no such option/);
    },
  );
});

describe('a request', () => {
  it('has the defaults of the preset where nothing is set', async () => {
    const { options, given, input, openTeacher } = await request();
    expect(given).toEqual([]);
    expect(options).toMatchObject({ preset: 'quick', data: { dataset: named('glyphs') }, plugins: [] });
    expect(input).toMatchObject({ data: {}, teacher: {}, training: {} });
    expect(openTeacher).toBeUndefined();
  });

  it('puts every part of the input into its group', async () => {
    const { options, given } = await request({
      preset: 'modern',
      images: 'mnist',
      student: 'cnn(widths=[2])',
      teacher: { name: 'lenet5' },
      methods: ['l2', { name: 'kd', options: { temperature: 2 } }],
      backend: 'tfjs:cpu',
      teacherBackend: 'onnx(threads=1)',
      seed: 5,
      threads: 2,
      data: { limitTrain: 10 },
      teacherOptions: { epochs: 3 },
      training: { epochs: 2 },
      objective: { temperature: 3 },
      cache: { memoryMb: 1 },
    });
    expect(options).toMatchObject({
      preset: 'modern',
      data: { dataset: named('mnist'), limitTrain: 10 },
      student: { model: named('cnn', { widths: [2] }) },
      teacher: { model: named('lenet5'), backend: named('onnx', { threads: 1 }), epochs: 3 },
      methods: [named('l2'), named('kd', { temperature: 2 })],
      training: { epochs: 2, seed: 5 },
      objective: { temperature: 3 },
      compute: { backend: named('tfjs:cpu'), threads: 2 },
      cache: { memoryMb: 1 },
    });
    expect(given).toHaveLength(14);
  });

  it('takes one method or several, and not both', async () => {
    expect((await request({ method: 'l2' })).options.methods).toEqual([named('l2')]);
    expect((await request({ methods: ['l2', 'kd'] })).options.methods).toEqual([named('l2'), named('kd')]);
    expect(await refusal({ method: 'l2', methods: ['kd'] })).toMatchObject({
      code: 'ANC_CONFIG',
      message: 'both "method" and "methods" are given.',
      detail: { hint: 'use one of them.' },
    });
    expect(await refusal({ methods: [] })).toMatchObject({ detail: { path: ['methods'] } });
  });

  it('prefers the seed of the call to that of the training', async () => {
    expect((await request({ seed: 2, training: { seed: 9 } })).options.training.seed).toBe(2);
    expect((await request({ training: { seed: 9 } })).options.training.seed).toBe(9);
  });

  it('names a wrong option by its path', async () => {
    expect(await refusal({ training: { epochs: 0 } })).toMatchObject({
      code: 'ANC_CONFIG',
      detail: { path: ['training', 'epochs'], received: '0' },
    });
    expect(await refusal({ data: { limitTrian: 3 } })).toMatchObject({
      detail: { path: ['data', 'limitTrian'], hint: 'did you mean "limitTrain"?' },
    });
  });
});

describe('images', () => {
  it('are those of a folder, by a path relative to the working directory of the call', async () => {
    await mkdir(join(cwd, 'photos', 'cats'), { recursive: true });
    for (const images of ['photos', './photos', join(cwd, 'photos')]) {
      expect((await request({ images })).options.data.dataset).toEqual(
        named('image-folder', { path: join(cwd, 'photos') }),
      );
    }
  });

  it('are those of a dataset, also where a folder has its name', async () => {
    await mkdir(join(cwd, 'glyphs'));
    await mkdir(join(cwd, 'mine'));
    expect((await request({ images: 'glyphs' })).options.data.dataset).toEqual(named('glyphs'));
    expect((await request({ images: './glyphs' })).options.data.dataset.name).toBe('image-folder');
    expect((await request({ images: 'mine' })).options.data.dataset.name).toBe('image-folder');
    const plugins = [plugin('pack', 'mine')];
    expect((await request({ images: 'mine', plugins })).options.data.dataset).toEqual(named('mine'));
  });

  it('are no file', async () => {
    await writeFile(join(cwd, 'glyphs.txt'), '');
    expect((await request({ images: 'glyphs.txt' })).options.data.dataset).toEqual(named('glyphs.txt'));
  });

  it('may be named with options, or be a value', async () => {
    expect((await request({ images: named('glyphs', { train: 8 }) })).options.data.dataset).toEqual(
      named('glyphs', { train: 8 }),
    );
    const dataset = new Corners();
    const { options, compose } = await request({ images: dataset });
    expect(options.data.dataset).toEqual(named('value:corners'));
    const { registries } = await compose([]);
    expect(await registries.datasets.create(options.data.dataset, { dataDir: null, seed: 1 })).toBe(dataset);
  });
});

describe('teachers and students', () => {
  const network = cnn({ widths: [2] }, { classes: 4 });

  it('may be networks', async () => {
    const { options, openTeacher } = await request({ teacher: network, student: network });
    const [teacher, student] = [options.teacher.model.name, options.student.model.name];
    expect(teacher).toMatch(/^value:cnn/);
    expect(student).toBe(`${teacher}-2`); // each is registered
    expect(openTeacher).toBeUndefined();
  });

  it.each([
    ['a function', Object.assign(() => [[0, 1]], { id: 'mine' })],
    ['a Teacher', new CornerTeacher()],
  ])('may, as teachers, be %s', async (_what, teacher) => {
    const { options, openTeacher, given } = await request({ teacher });
    expect(options.teacher.model).toEqual(named('value:teacher'));
    expect(openTeacher).toBeTypeOf('function');
    expect(given).toContainEqual(['teacher', 'model']);
  });

  it('have the classes that the caller names', async () => {
    const teacher = new CornerTeacher();
    const { openTeacher } = await request({ teacher, teacherOptions: { classes: ['a', 'b', 'c', 'd'] } });
    const { given } = await openTeacher!(new Corners(), named('value:teacher'));
    expect(given.classNames).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are refused where they are something else', async () => {
    expect(await refusal({ student: 3 })).toMatchObject({ code: 'ANC_CONFIG', message: 'this is no model.' });
    expect(await refusal({ student: new CornerTeacher() })).toMatchObject({ message: 'this is no model.' });
    expect(await refusal({ method: {} })).toMatchObject({ message: 'this is no method.' });
    expect(await refusal({ backend: {} })).toMatchObject({ message: 'this is no backend.' });
  });

  it.each([
    [{ method: 42 }, ['methods', 0]],
    [{ methods: ['l2', null] }, ['methods', 1]],
    [{ methods: 'l2' }, ['methods']],
    [{ hooks: 7 }, ['hooks']],
    [{ hooks: [null] }, ['hooks', 0]],
    [{ images: 7 }, ['data', 'dataset']],
    [{ images: null }, ['data', 'dataset']],
    [{ student: null }, ['student', 'model']],
    [{ teacher: 0 }, ['teacher', 'model']],
    [{ backend: null }, ['compute', 'backend']],
    [{ teacherBackend: 0 }, ['teacher', 'backend']],
    [{ training: 7 }, ['training']],
    [{ data: null }, ['data']],
    [{ studentBudget: [] }, ['student']],
    [{ teacherOptions: 'x' }, ['teacher']],
    [{ objective: null }, ['objective']],
    [{ cache: 1 }, ['cache']],
    [{ plugins: 'x' }, ['plugins']],
    [{ training: { epochs: 'x' } }, ['training', 'epochs']],
    [{ seed: 'x' }, ['training', 'seed']],
    [{ cwd: 5 }, ['cwd']],
    [{ signal: 5 }, ['signal']],
    [{ offline: 'no' }, ['offline']],
    [{ discoverPlugins: 1 }, ['discoverPlugins']],
  ])('have a path in the error where their type is wrong: %j', async (input, path) => {
    expect(await refusal(input as never)).toMatchObject({ code: 'ANC_CONFIG', detail: { path } });
  });
});

describe('plugins', () => {
  it('of the caller are composed with the built-in ones; only names are recorded', async () => {
    await writeFile(
      join(cwd, 'file.mjs'),
      `export default { name: 'file', apiVersion: 1, [Symbol.for('@anc/plugin')]: true };`,
    );
    const { options, compose } = await request({ plugins: ['./file.mjs', plugin('object', 'own')] });
    expect(options.plugins).toEqual(['./file.mjs']);
    const composition = await compose(options.plugins);
    const names = composition.plugins.map(({ plugin }) => plugin.name);
    expect(names.slice(-2)).toEqual(['file', 'object']);
    expect(names.filter((name) => name === 'file')).toHaveLength(1);
    expect(composition.registries.datasets.names).toEqual(expect.arrayContaining(['glyphs', 'own']));
  });

  it('of a record are loaded once, by their absolute path, too', async () => {
    await writeFile(
      join(cwd, 'file.mjs'),
      `export default { name: 'file', apiVersion: 1, [Symbol.for('@anc/plugin')]: true };`,
    );
    const { compose } = await request({ plugins: ['./file.mjs'] });
    const { plugins } = await compose([join(cwd, 'file.mjs')]);
    expect(plugins.filter(({ plugin }) => plugin.name === 'file')).toHaveLength(1);
  });

  it('are refused where they are none', async () => {
    expect(await refusal({ plugins: [{ name: 'mine', apiVersion: 1 }] })).toMatchObject({
      code: 'ANC_PLUGIN',
    });
  });
});

describe('callOf and inFolder', () => {
  it('give what every call has', () => {
    expect(callOf({})).toEqual({ cwd: process.cwd(), fetching: { offline: false } });
    const { signal } = new AbortController();
    expect(callOf({ cwd: 'x', offline: true, signal })).toEqual({
      cwd: resolve('x'),
      fetching: { offline: true, signal },
    });
  });

  it.each([[{ cwd: 5 }], [{ signal: {} }], [{ offline: 1 }]])(
    'refuse what is of another type: %j',
    (given) => {
      const [name] = Object.keys(given);
      expect(() => callOf(given as never)).toThrow(
        expect.objectContaining({
          code: 'ANC_CONFIG',
          detail: expect.objectContaining({ path: [name] }) as object,
        }),
      );
    },
  );

  it('split the path of a run folder', () => {
    expect(inFolder(join(cwd, 'runs', 'mine'))).toEqual({ directory: join(cwd, 'runs'), name: 'mine' });
  });
});
