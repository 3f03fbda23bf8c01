import type { AncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { mergeInputs, parseOptions, resolveOptions } from './resolve.js';

const named = (name: string, options: Record<string, unknown> = {}) => ({ name, options });

function refusal(input: unknown): AncError {
  try {
    resolveOptions(input);
  } catch (error) {
    return error as AncError;
  }
  throw new Error('nothing was refused');
}

describe('resolveOptions', () => {
  it('gives the quick preset on generated glyphs where nothing is set', () => {
    const { options, given } = resolveOptions({});
    expect(given).toEqual([]);
    expect(options).toMatchObject({
      preset: 'quick',
      data: {
        dataset: named('glyphs'),
        directory: null,
        limitTrain: null,
        validation: 0,
        crop: 0,
        flip: false,
      },
      teacher: { model: named('cnn-teacher') },
      student: { model: named('cnn-student') },
      methods: [named('supervised'), named('l2'), named('kd'), named('adversarial')],
      plugins: [],
      training: {
        epochs: 6,
        batchSize: 64,
        optimizer: { name: 'adam', options: {} },
        learningRate: 0.002,
        schedule: { name: 'cosine', options: {} },
        seed: 1,
      },
      compute: { backend: named('onnx'), threads: null },
      cache: { memoryMb: 512 },
      output: { directory: 'runs' },
    });
    expect(options.objective).toEqual({});
    expect(options.teacher).toEqual({ model: named('cnn-teacher') }); // trained as students are
  });

  it('takes the defaults of the chosen preset and dataset', () => {
    expect(resolveOptions({ preset: 'paper', data: { dataset: 'cifar-10' } }).options).toMatchObject({
      preset: 'paper',
      teacher: { model: named('nin') },
      student: { model: named('lenet4') },
      training: {
        epochs: 260,
        schedule: { name: 'step', options: {} },
        milestones: [80_000],
        milestoneUnit: 'iterations',
      },
      objective: {},
    });
    const modern = resolveOptions({ preset: 'modern' }).options;
    expect(modern.objective).toMatchObject({ dataTerm: named('kl'), discriminatorInput: 'logits' });
    expect(modern.training.epochs).not.toBe(6);
  });

  it('replaces single options of a group, and lists and named things as a whole', () => {
    const { options } = resolveOptions({
      methods: ['l2'],
      training: { epochs: 2 },
      student: { model: 'cnn(widths=[2,2])' },
      data: { limitTrain: 10 },
    });
    expect(options.methods).toEqual([named('l2')]);
    expect(options.training).toMatchObject({ epochs: 2, batchSize: 64 });
    expect(options.student.model).toEqual(named('cnn', { widths: [2, 2] }));
    expect(options.data).toMatchObject({ limitTrain: 10, dataset: named('glyphs') });
  });

  it('keeps the preset where an option is undefined', () => {
    const { options, given } = resolveOptions({
      preset: undefined,
      methods: undefined,
      training: { epochs: undefined, seed: 3 },
      objective: undefined,
    });
    expect(options).toMatchObject({ preset: 'quick', training: { epochs: 6, seed: 3 } });
    expect(options.methods).toHaveLength(4);
    expect(given).toEqual([['training', 'seed']]);
  });

  it('tells which options were set, null included and in the order of help', () => {
    const { given } = resolveOptions({
      output: { name: 'x' },
      preset: 'modern',
      training: { seed: 2 },
      data: { limitTrain: null },
    });
    expect(given).toEqual([['data', 'limitTrain'], ['preset'], ['training', 'seed'], ['output', 'name']]);
  });

  it('reads names in all their forms to the same', () => {
    const wanted = [named('mlp', { units: [8] })];
    for (const method of [
      'mlp(units=[8])',
      { name: 'mlp', units: [8] },
      { name: 'mlp', options: { units: [8] } },
    ]) {
      expect(resolveOptions({ methods: [method] }).options.methods).toEqual(wanted);
    }
  });
});

describe('an option that is wrong', () => {
  it.each<[unknown, readonly PropertyKey[], string, string]>([
    [{ training: { epochs: 0 } }, ['training', 'epochs'], 'expected at least 1.', '0'],
    [{ training: { epochs: 1.5 } }, ['training', 'epochs'], 'expected a whole number.', '1.5'],
    [{ training: { epochs: '3' } }, ['training', 'epochs'], 'expected a number.', '"3"'],
    [{ training: { learningRate: 0 } }, ['training', 'learningRate'], 'expected more than 0.', '0'],
    [{ training: { learningRate: NaN } }, ['training', 'learningRate'], 'expected a number.', 'NaN'],
    [{ data: { validation: 1 } }, ['data', 'validation'], 'expected less than 1.', '1'],
    [{ data: { flip: 'yes' } }, ['data', 'flip'], 'expected a boolean.', '"yes"'],
    [{ training: { milestones: [1, -2] } }, ['training', 'milestones', 1], 'expected at least 0.', '-2'],
    [{ methods: [] }, ['methods'], 'expected at least 1 in the list.', '[]'],
    [{ data: 'glyphs' }, ['data'], 'expected an object.', '"glyphs"'],
    [{ output: { name: '' } }, ['output', 'name'], 'expected at least 1 letter.', '""'],
    [{ preset: null }, ['preset'], 'expected one of quick, modern, paper, given-teacher.', 'null'],
    [
      { student: { model: { units: [8] } } },
      ['student', 'model'],
      'expected a name, or an object with a name and its options.',
      '{"units":[8]}',
    ],
    [
      { student: { model: () => 1 } },
      ['student', 'model'],
      'expected a name, or an object with a name and its options.',
      'function',
    ],
  ])('is named by its path, with what was expected and received: %j', (input, path, problem, received) => {
    const error = refusal(input);
    expect(error.code).toBe('ANC_CONFIG');
    expect(error.detail).toMatchObject({ path, problem, received });
    expect(error.message).toBe(`${path.map(String).join('.')}: ${problem}`);
  });

  it('may be a value that JSON cannot hold', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.units = cyclic;
    expect(refusal({ student: { model: cyclic } }).detail.received).toBe('object');
    expect(refusal({ training: { epochs: 3n } }).detail.received).toBe('bigint');
  });

  it.each<[unknown, string]>([
    [{ training: { decayMode: 'decopled' } }, 'decoupled'],
    [{ preset: 'papr' }, 'paper'],
    [{ objective: { condition: 'label' } }, 'labels'],
  ])('gets the choice that was probably meant: %j', (input, meant) => {
    expect(refusal(input).detail.hint).toBe(`did you mean "${meant}"?`);
  });

  it('gets no suggestion where no choice is near', () => {
    expect(refusal({ training: { decayMode: 'xyz' } }).detail).not.toHaveProperty('hint');
  });

  it('gets the hint of the parser of names', () => {
    const error = refusal({ methods: ['l2', 'kd(temperature=2'] });
    expect(error.detail).toMatchObject({ path: ['methods', 1], hint: 'close every bracket.' });
    expect(error.message).toMatch(/^methods\.1: expected name or name\(option=value, …\)\.$/);
  });
});

describe('an unknown option', () => {
  it('is suggested its group where it stands beside the groups', () => {
    const { code, message, detail } = refusal({ trainig: { epochs: 3 } });
    expect({ code, message }).toEqual({ code: 'ANC_CONFIG', message: 'trainig: there is no such option.' });
    expect(detail).toMatchObject({ path: ['trainig'], hint: 'did you mean "training"?' });
    expect(detail.expected!.split(', ')).toEqual(
      expect.arrayContaining(['data', 'preset', 'teacher', 'student', 'methods', 'plugins', 'output']),
    );
    expect(detail.expected).not.toContain('epochs');
  });

  it('is suggested an option of its group where it stands in one', () => {
    const { message, detail } = refusal({ training: { epoch: 3 } });
    expect(message).toBe('training.epoch: there is no such option.');
    expect(detail).toMatchObject({ path: ['training', 'epoch'], hint: 'did you mean "epochs"?' });
    expect(detail.expected!.split(', ')).toContain('learningRate');
    expect(detail.expected).not.toContain('limitTrain');
  });

  it('may be like no other', () => {
    expect(refusal({ data: { quux: 1 } }).detail).not.toHaveProperty('hint');
  });
});

describe('parseOptions', () => {
  it('adds no defaults', () => {
    expect(parseOptions({ training: { epochs: 2 } })).toEqual({ training: { epochs: 2 } });
  });

  it('takes an object and nothing else', () => {
    for (const input of [null, 3, 'quick', []]) {
      expect(() => parseOptions(input)).toThrow(expect.objectContaining({ code: 'ANC_CONFIG' }) as Error);
    }
  });
});

describe('mergeInputs', () => {
  it('joins option by option; later ones replace earlier ones', () => {
    expect(
      mergeInputs(
        { preset: 'quick', training: { epochs: 2, seed: 1 }, methods: ['l2', 'kd'] },
        { training: { seed: 5 }, methods: ['adversarial'], student: { model: 'nin' } },
        { preset: 'modern' },
      ),
    ).toEqual({
      preset: 'modern',
      training: { epochs: 2, seed: 5 },
      methods: ['adversarial'],
      student: { model: 'nin' },
    });
  });

  it('lets undefined replace nothing, and null everything', () => {
    expect(
      mergeInputs(
        { preset: 'paper', data: { limitTrain: 10, directory: 'data' } },
        { preset: undefined, data: { limitTrain: null, directory: undefined }, objective: undefined },
      ),
    ).toEqual({ preset: 'paper', data: { limitTrain: null, directory: 'data' } });
  });

  it('changes none of its inputs, and makes no group that nobody has', () => {
    const first = { training: { epochs: 2 } } as const;
    expect(mergeInputs(first, { training: { epochs: 3 } })).toEqual({ training: { epochs: 3 } });
    expect(first).toEqual({ training: { epochs: 2 } });
    expect(mergeInputs()).toEqual({});
  });
});
