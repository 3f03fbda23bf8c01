import type { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { resolveFlat } from '../../test/flat-options.js';
import { formatOptions, readOptions, recordedOptions, RESUMABLE_KEYS, resumedOptions } from './record.js';

const optionsOf = (flat: Record<string, unknown> = {}) => resolveFlat(flat).options;
const recordOf = (flat: Record<string, unknown> = {}): string => formatOptions(optionsOf(flat));

/** A record with some entries replaced; undefined removes one. */
function changed(entries: Readonly<Record<string, unknown>>): string {
  const record = { ...(parse(recordOf()) as object), ...entries };
  return stringify(Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));
}

function refusal(work: () => unknown): AncError {
  try {
    work();
  } catch (error) {
    return error as AncError;
  }
  throw new Error('nothing was refused');
}

describe('a record', () => {
  it.each(
    ['quick', 'modern', 'paper', 'given-teacher'].flatMap((preset) =>
      ['glyphs', 'mnist', 'cifar-10', 'svhn', 'fashion-mnist', 'imagenet'].map(
        (dataset) => [preset, dataset] as const,
      ),
    ),
  )('is read back to the same options: %s, %s', (preset, dataset) => {
    const options = optionsOf({ preset, dataset });
    expect(readOptions(formatOptions(options))).toEqual(options);
  });

  it('is read back to the same where options of every kind are set', () => {
    const options = optionsOf({
      dataset: { name: 'image-folder', path: 'a: b', size: 8, classOrder: 'text' },
      dataDir: null,
      limitTrain: 100,
      stratify: true,
      teacher: 'teacher.onnx(layout=nhwc)',
      classes: ['0', 'dog=3'],
      methods: [
        'l2',
        { name: 'adversarial', recipe: { learningRate: 0.1 }, discriminators: [{ input: 'logits' }] },
        { name: 'kd', options: { temperature: 2 } },
      ],
      plugins: ['./a.mjs', 'pack'],
      milestones: [1, 2.5],
      schedule: 'step',
      discriminator: 'mlp(units=[64,64])',
      studentBackend: 'tfjs:cpu',
      teacherCacheFloat16: false,
      name: 'yes', // YAML of old would read a boolean
      out: '1e3',
    });
    expect(readOptions(formatOptions(options))).toEqual(options);
  });

  it.each([
    { name: 'inner', depth: 2 },
    { options: { depth: 2 } },
    { options: 3, depth: 2 },
    { name: 'inner', options: { name: 'x' } },
  ])('is read back to the same where options of a model are called like its parts: %j', (own) => {
    const options = optionsOf({
      student: { name: 'mine', options: own },
      methods: [{ name: 'kd', options: own }],
    });
    expect(options.student.model).toEqual({ name: 'mine', options: own });
    expect(readOptions(formatOptions(options))).toEqual(options);
  });

  it('has one entry for each option by its key, and a plain name where there are no options', () => {
    const record = recordedOptions(optionsOf({ student: 'cnn(widths=[2,2])' }));
    expect(record).toMatchObject({
      preset: 'quick',
      dataset: 'glyphs',
      student: { name: 'cnn', widths: [2, 2] },
      methods: ['supervised', 'l2', 'kd', 'adversarial'],
      epochs: 6,
      teacherCacheMb: 512,
      limitTrain: null,
    });
    expect(record).not.toHaveProperty('teacherEpochs');
  });

  it('of an older version may have the option "options" beside others', () => {
    const { student } = readOptions(changed({ student: { name: 'mine', options: 3, depth: 2 } }));
    expect(student.model).toEqual({ name: 'mine', options: { options: 3, depth: 2 } });
  });

  it('of an older version is read under the names of today', () => {
    const old = changed({
      teacherCacheMb: undefined,
      teacherMemoMb: 64,
      teacherMemoDir: '/cache',
      teacherMemoDiskMb: 7,
      teacherMemoFloat16: true,
      teacherNormalize: 'imagenet',
    });
    const { cache, teacher } = readOptions(old);
    expect(cache).toEqual({ memoryMb: 64, directory: '/cache', diskMb: 7, float16: true });
    expect(teacher.preprocessing).toBe('imagenet');
  });

  it.each<[string, string, string]>([
    ['is no YAML', 'dataset: [gl', 'Flow sequence'],
    ['is empty', '', 'no options'],
    ['is a text', 'glyphs', 'no options'],
    ['was cut', 'dataset: glyphs\nepochs: 3\n', 'nothing for "preset"'],
    ['has an option that there is not', changed({ epoch: 3 }), 'the unknown option "epoch"'],
    ['has a wrong value', changed({ epochs: 0 }), 'epochs: expected at least 1.'],
    ['has a wrong value inside of an option', changed({ methods: ['l2', 3] }), 'methods.1: expected a name'],
    ['lacks an option', changed({ batchSize: undefined }), 'nothing for "batchSize"'],
    ['has an option that is empty', changed({ batchSize: null }), 'batchSize: expected a number.'],
  ])('that %s is refused', (_what, text, received) => {
    const { code, message, detail } = refusal(() => readOptions(text));
    expect({ code, message }).toEqual({
      code: 'ANC_RUN_CONFIG',
      message: "the run folder's config.resolved.yaml is damaged.",
    });
    expect(detail.received).toContain(received);
    expect(detail.hint).toBe('restore the file from a copy, or start a new run.');
  });
});

describe('resumedOptions', () => {
  it('are those of the record', () => {
    expect(resumedOptions({}, recordOf({ seed: 5 }))).toEqual(optionsOf({ seed: 5 }));
    expect(resumedOptions({ epochs: undefined, threads: undefined }, recordOf())).toEqual(optionsOf());
  });

  it('take what results do not depend on', () => {
    const { data, compute, teacher, student } = resumedOptions(
      { dataDir: '/moved', threads: 3, teacherBackend: 'tfjs:cpu', studentBackend: 'onnx(threads=1)' },
      recordOf(),
    );
    expect(data.directory).toBe('/moved');
    expect(compute).toEqual({ backend: { name: 'onnx', options: {} }, threads: 3 });
    expect(teacher.backend).toEqual({ name: 'tfjs:cpu', options: {} });
    expect(student.backend).toEqual({ name: 'onnx', options: { threads: 1 } });
  });

  it('replace every backend of the record by a new one, and single ones by their own', () => {
    const record = recordOf({ teacherBackend: 'onnx:cuda', studentBackend: 'onnx:webgpu' });
    const all = resumedOptions({ backend: 'tfjs:wasm' }, record);
    expect(all.compute.backend.name).toBe('tfjs:wasm');
    expect(all.teacher).not.toHaveProperty('backend');
    expect(all.student).not.toHaveProperty('backend');
    const one = resumedOptions({ studentBackend: 'tfjs:wasm' }, record);
    expect(one.compute.backend.name).toBe('onnx');
    expect(one.teacher.backend!.name).toBe('onnx:cuda');
    expect(one.student.backend!.name).toBe('tfjs:wasm');
    const both = resumedOptions({ backend: 'onnx', teacherBackend: 'tfjs:cpu' }, record);
    expect(both.teacher.backend!.name).toBe('tfjs:cpu');
    expect(both.student).not.toHaveProperty('backend');
  });

  it.each(['epochs', 'seed', 'dataset', 'out', 'teacherCacheMb', 'nothing'])('refuse %s', (key) => {
    const { code, detail } = refusal(() => resumedOptions({ threads: 1, [key]: 1 }, recordOf()));
    expect(code).toBe('ANC_CONFIG');
    expect(detail.path).toEqual([key]);
    expect(detail.problem).toBe('a run is resumed with its own options.');
    for (const known of RESUMABLE_KEYS) expect(detail.expected).toContain(known);
  });

  it('refuse a wrong value by the path of its option', () => {
    const { code, detail } = refusal(() => resumedOptions({ threads: 0 }, recordOf()));
    expect(code).toBe('ANC_CONFIG');
    expect(detail).toMatchObject({ path: ['compute', 'threads'], received: '0' });
  });

  it('refuse a damaged record', () => {
    expect(refusal(() => resumedOptions({}, 'dataset: gl')).code).toBe('ANC_RUN_CONFIG');
  });
});
