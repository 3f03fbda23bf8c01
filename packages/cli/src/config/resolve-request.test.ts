import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatOptions, presets, resolveOptions, resumedOptions } from '@anc/pipeline/internal';
import { flattenOptions } from '@anc/pipeline/options';
import { readRequest } from './read-request.js';
import { resolveRequest } from './resolve-request.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-config-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

type Flat = Record<string, unknown>;
/** The resolved options by key. */
const resolveConfig = async (flags: Flat, folder: string): Promise<Flat> =>
  flattenOptions(resolveRequest(await readRequest(flags, folder)).options);
/** A resumed run's options by key. */
const resumedConfig = (changes: Flat, text: string): Flat => flattenOptions(resumedOptions(changes, text));

const write = (name: string, text: string): Promise<void> => writeFile(join(cwd, name), text);
const config = (message: RegExp | string) =>
  expect.objectContaining({
    code: 'ANC_CONFIG',
    message: expect.stringMatching(message) as string,
  }) as unknown;

describe('resolveConfig', () => {
  it('takes flags over the file over the preset', async () => {
    await write('anc.config.yaml', 'epochs: 7\nlearningRate: 0.5\npreset: paper\n');
    const resolved = await resolveConfig({ epochs: 3 }, cwd);
    expect(resolved).toMatchObject({ epochs: 3, learningRate: 0.5, preset: 'paper', momentum: 0.9 });
    expect(resolved.schedule).toEqual({ name: presets.paper('glyphs').training!.schedule, options: {} });
    expect((await resolveConfig({ epochs: 3, preset: 'modern' }, cwd)).schedule).toEqual({
      name: 'cosine',
      options: {},
    });
  });

  it('replaces lists, and never joins them', async () => {
    await write('anc.config.json', '{ "methods": ["kd", { "name": "l2", "lambda": 2 }] }');
    const { methods } = await resolveConfig({}, cwd);
    expect(methods).toEqual([
      { name: 'kd', options: {} },
      { name: 'l2', options: { lambda: 2 } },
    ]);
    expect((await resolveConfig({ methods: ['adversarial'] }, cwd)).methods).toEqual([
      { name: 'adversarial', options: {} },
    ]);
  });

  it("takes a name's options beside it, or under `options`", async () => {
    const student = { name: 'cnn', options: { widths: [2] } };
    expect((await resolveConfig({ student }, cwd)).student).toEqual(student);
    expect((await resolveConfig({ student: { name: 'cnn', widths: [2] } }, cwd)).student).toEqual(student);
  });

  it('reads TypeScript', async () => {
    await write('anc.config.ts', 'const n: number = 4;\nexport default { epochs: n, methods: ["kd"] };\n');
    expect(await resolveConfig({}, cwd)).toMatchObject({ epochs: 4, methods: [{ name: 'kd' }] });
  });

  it('lets presets depend on the dataset, whoever names it', async () => {
    await write('anc.config.yaml', 'dataset: fashion-mnist\n');
    expect(await resolveConfig({}, cwd)).toMatchObject({
      teacher: { name: 'nin' },
      student: { name: 'lenet4' },
    });
    expect((await resolveConfig({ dataset: 'glyphs' }, cwd)).teacher).toMatchObject({ name: 'cnn-teacher' });
  });

  it.each([
    [
      'an option that is not',
      'seed: 1\nepohcs: 3\n',
      '^anc.config.yaml:2:1: "epohcs": there is no such option',
      'did you mean "epochs"?',
    ],
    [
      'a wrong value',
      'seed: 1\nepochs: many\n',
      '^anc.config.yaml:2:9: "epochs": expected a number',
      undefined,
    ],
    [
      'a value inside a list',
      'methods:\n  - l2\n  - 3\n',
      '^anc.config.yaml:3:5: "methods.1": expected a name',
      undefined,
    ],
    [
      'a wrong choice',
      'decayMode: l3\n',
      '^anc.config.yaml:1:12: "decayMode": expected one of',
      'did you mean "l2"?',
    ],
    ['broken YAML', 'seed: [1\nepochs: 2\n', '^anc.config.yaml:\\d+:\\d+: ', undefined],
    ['a key twice', 'seed: 1\nseed: 2\n', '^anc.config.yaml:2:1: ', undefined],
  ])('says line and column of %s', async (_, text, message, hint) => {
    await write('anc.config.yaml', text);
    const error = await resolveConfig({}, cwd).catch((caught: unknown) => caught);
    expect(error).toEqual(config(message));
    expect((error as { detail: { hint?: string } }).detail.hint).toBe(hint);
  });

  it('says line and column in JSON too', async () => {
    await write('own.json', '{\n  "epochs": 2,\n  "batchsize": 3\n}\n');
    await expect(resolveConfig({ config: 'own.json' }, cwd)).rejects.toEqual(
      config('^own.json:3:3: "batchsize"'),
    );
  });

  it('names no option where the whole file is wrong', async () => {
    await write('list.json', '[1, 2]');
    await expect(resolveConfig({ config: 'list.json' }, cwd)).rejects.toEqual(
      config('^list.json:1:1: expected options by name'),
    );
  });

  it.each(['own.config.ts', 'own.config.mjs'])('says line and column of what %s throws', async (name) => {
    await write(name, "\n\nthrow new Error('boom');\n");
    await expect(resolveConfig({ config: name }, cwd)).rejects.toMatchObject({
      detail: { received: 'boom, at 3:7' },
    });
  });

  it('names the flag that is wrong', async () => {
    await expect(resolveConfig({ epochs: -1 }, cwd)).rejects.toEqual(
      config('^--epochs: expected at least 1'),
    );
    await expect(resolveConfig({ learningRate: 'fast' }, cwd)).rejects.toEqual(config('^--learning-rate: '));
    await expect(resolveConfig({ teacher: 'nin(' }, cwd)).rejects.toEqual(
      config('^--teacher: expected name or name\\(option=value, …\\)\\.$'),
    );
    await expect(resolveConfig({ teacher: 'nin(' }, cwd)).rejects.toMatchObject({
      detail: { received: '"nin("', hint: 'close every bracket.' },
    });
  });

  it('refuses a file that is not there, and two at once', async () => {
    await expect(resolveConfig({ config: 'none.yaml' }, cwd)).rejects.toEqual(config('cannot be read'));
    await write('anc.config.yaml', '');
    await write('anc.config.json', '{}');
    await expect(resolveConfig({}, cwd)).rejects.toEqual(config('more than one'));
  });

  it.each(Object.keys(presets))('records what it resolved so that it reads back: %s', async (preset) => {
    const flags = {
      preset,
      student: 'cnn(widths=[4,8], batchNorm=true)',
      teacherLearningRate: 0.01,
      name: 'x',
    };
    const { options } = resolveRequest(await readRequest({ ...flags, json: true, resume: 'x' }, cwd));
    const text = formatOptions(options);
    expect(text).not.toMatch(/json|resume/);
    expect(resumedConfig({}, text)).toEqual(flattenOptions(options));
    expect(resumedConfig({ threads: 2 }, text)).toEqual({ ...flattenOptions(options), threads: 2 });
  });

  it.each([
    ['cut inside', (text: string) => `${text.slice(0, 60)}: [`, /./],
    ['cut between lines', (text: string) => text.split('\n').slice(0, 5).join('\n'), /nothing for/],
    ['empty', () => '', /./],
    ['changed', (text: string) => text.replace(/^epochs: .*$/m, 'epochs: ten'), /^epochs: /],
  ])('says that a record is damaged: %s', async (_, damage, received) => {
    const request = await readRequest({ name: 'x' }, cwd);
    const text = damage(formatOptions(resolveRequest(request).options));
    const error = (() => {
      try {
        return resumedConfig({}, text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      code: 'ANC_RUN_CONFIG',
      detail: { received: expect.stringMatching(received) as string },
    });
  });

  it('knows which options were set, and where', async () => {
    await write('anc.config.yaml', 'seed: 1\ndiscriminator: { name: mlp, units: [3] }\nepochs: 4\n');
    const request = await readRequest({ epochs: 3 }, cwd);
    const given = resolveRequest(request).given.map((path) => path.join('.'));
    expect(given.sort()).toEqual(['objective.discriminator', 'training.epochs', 'training.seed']);
    const { place } = request.origins;
    expect(place(['discriminator', 'units'], true)).toBe('anc.config.yaml:2:29: "discriminator.units"');
    expect(place(['epochs'], false)).toBeNull(); // the flag's, not the file's
    expect(place(['batchSize'], false)).toBeNull();
  });

  it('continues a run with its own options only', () => {
    expect(() => resumedConfig({ epochs: 9 }, 'epochs: 3\n')).toThrow(/^epochs: a run is resumed/);
  });

  it.each(Object.entries(presets))('has presets that are valid: %s', (_, preset) => {
    for (const dataset of ['glyphs', 'fashion-mnist', 'svhn', 'anything']) {
      expect(() => resolveOptions(preset(dataset))).not.toThrow();
    }
  });

  it('takes renamed options under their old names, with a warning', async () => {
    await write('anc.config.yaml', 'seed: 1\nteacherMemoMb: many\n');
    const request = await readRequest({ teacherNormalize: 'unit' }, cwd);
    expect(request.warnings).toEqual([
      '--teacher-normalize is deprecated: use --teacher-preprocessing.',
      '"teacherMemoMb" is deprecated: write "teacherCacheMb" instead.',
    ]);
    expect(request.input).toMatchObject({ teacher: { preprocessing: 'unit' } });
    expect(() => resolveRequest(request)).toThrow(
      /^anc\.config\.yaml:2:16: "teacherMemoMb": expected a number/,
    );
  });
});
