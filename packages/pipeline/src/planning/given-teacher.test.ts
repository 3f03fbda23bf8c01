import { join, resolve } from 'node:path';
import { AncError, classification, type Backend, type Dataset } from '@anc/core';
import { taskOfDocument } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import { Corners, tinyComposition } from '../../test/tiny-plugins.js';
import { isGiven } from '../options/given-model.js';
import {
  anchoredTeacher,
  checkTrainedTeacher,
  openGivenTeacher,
  relabeledFor,
  type GivenTeacher,
} from './given-teacher.js';

const named = (name: string, options: Record<string, unknown> = {}) => ({ name, options });

describe('isGiven', () => {
  it.each([
    'teacher.onnx',
    'TEACHER.ONNX',
    'model.ort',
    'weights.safetensors',
    'resnet.pth',
    'a.pt',
    'a.th',
    'checkpoint.pth.tar',
    'last.ckpt',
    'pytorch_model.bin',
    'a.keras',
    'a.h5',
    'a.hdf5',
    'model.json',
    'runs/glyphs-1',
    './folder',
    'runs\\glyphs-1',
  ])('takes %s for a file or folder', (name) => expect(isGiven(named(name))).toBe(true));

  it.each(['nin', 'cnn-teacher', 'resnet-18', 'onnx', 'value:teacher', 'my.model', 'lenet4.v2'])(
    'takes %s for the name of a model',
    (name) => expect(isGiven(named(name))).toBe(false),
  );
});

describe('anchoredTeacher', () => {
  const cwd = resolve('/home/place');

  it('makes the path of a file absolute and keeps its options', () => {
    expect(anchoredTeacher(named('runs/a', { layout: 'nhwc' }), cwd)).toEqual(
      named(join(cwd, 'runs', 'a'), { layout: 'nhwc' }),
    );
    expect(anchoredTeacher(named('teacher.onnx'), cwd)).toEqual(named(join(cwd, 'teacher.onnx')));
  });

  it('leaves absolute paths and names of models', () => {
    for (const name of [join(cwd, 'teacher.onnx'), 'nin']) {
      expect(anchoredTeacher(named(name), cwd)).toEqual(named(name));
    }
  });
});

describe('relabeledFor', () => {
  const teacherOf = (classNames: readonly string[] | null, classes = classNames?.length ?? 0) =>
    ({ given: { model: 'teacher.onnx', classNames, classes } }) as unknown as GivenTeacher;

  async function relabeled(teacher: GivenTeacher, inner: Dataset = new Corners({ train: 8, test: 5 })) {
    const notices: string[] = [];
    const dataset = relabeledFor(teacher, inner, (text) => notices.push(text));
    const labels = async (name: 'train' | 'test') => {
      const split = await dataset.split(name);
      return split.labels === null ? null : [...(await split.labels())];
    };
    return { dataset, notices, train: await labels('train'), test: await labels('test') };
  }

  it('keeps the labels of the same classes in the same order', async () => {
    const { dataset, notices, train, test } = await relabeled(teacherOf(['nw', 'ne', 'sw', 'se']));
    expect(train).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(test).toEqual([0, 1, 2, 3, 0]);
    expect(dataset).toMatchObject({ name: 'corners', shape: [8, 8, 1], classes: ['nw', 'ne', 'sw', 'se'] });
    expect(notices).toEqual([]);
  });

  it("maps labels to the teacher's classes of the same names", async () => {
    const names = ['se', 'other', 'nw', 'sw', 'ne'];
    const { dataset, notices, train, test } = await relabeled(teacherOf(names));
    expect(train).toEqual([2, 4, 3, 0, 2, 4, 3, 0]);
    expect(test).toEqual([2, 4, 3, 0, 2]);
    expect(dataset.classes).toEqual(names);
    expect(notices).toEqual([]);
  });

  it("takes the dataset's classes where the teacher has as many without names", async () => {
    const { dataset, notices, train } = await relabeled(teacherOf(null, 4));
    expect(train).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(dataset.classes).toEqual(['nw', 'ne', 'sw', 'se']);
    expect(notices).toEqual([]);
  });

  it('has no labels and tells so where the classes cannot be paired', async () => {
    const { dataset, notices, train, test } = await relabeled(teacherOf(['a', 'b', 'c']));
    expect([train, test]).toEqual([null, null]);
    expect(dataset.classes).toEqual(['a', 'b', 'c']);
    expect(notices).toEqual([
      'the labels of "corners" are not the teacher\'s classes, so they are not used: ' +
        'students are measured by their agreement with the teacher.',
    ]);
  });

  it('numbers the classes of a teacher without names', async () => {
    const { dataset, train } = await relabeled(teacherOf(null, 3));
    expect(dataset.classes).toEqual(['0', '1', '2']);
    expect(train).toBeNull();
  });

  it('tells nothing of images that have no classes', async () => {
    const { dataset, notices, train } = await relabeled(
      teacherOf(['a', 'b']),
      new Corners({ classes: [], labels: false }),
    );
    expect(notices).toEqual([]);
    expect(train).toBeNull();
    expect(dataset.classes).toEqual(['a', 'b']);
  });

  it('leaves the images as they are', async () => {
    const inner = new Corners();
    const { dataset } = await relabeled(teacherOf(['a', 'b']), inner);
    const [before, after] = await Promise.all([inner.split('train'), dataset.split('train')]);
    expect(after.images.fingerprint).toBe(before.images.fingerprint);
  });

  it('passes on any other error', () => {
    const broken = {
      given: {
        get classNames(): never {
          throw new AncError('ANC_ENGINE', 'gone.');
        },
      },
    } as unknown as GivenTeacher;
    expect(() => relabeledFor(broken, new Corners(), () => undefined)).toThrow('gone.');
  });
});

const task = {
  task: classification,
  data: { input: [8, 8, 1], classes: 4 },
  description: taskOfDocument({}),
};

describe('openGivenTeacher', () => {
  const backend = {} as unknown as Backend; // nothing gets as far as that
  const refusal = (model: { name: string; options: Record<string, unknown> }) =>
    openGivenTeacher({ model }, new Corners(), backend, tinyComposition(), task).catch(
      (error: unknown) => error,
    );

  it('refuses options that a file of weights does not have', async () => {
    expect(await refusal(named('/nowhere/weights.pth', { modle: 'nin' }))).toMatchObject({
      code: 'ANC_OPTIONS',
      message: '"weights.pth" has no option "modle".',
      detail: { expected: 'model, stateDict', hint: 'did you mean "model"?' },
    });
  });

  it('refuses a file that is not there', async () => {
    for (const name of ['/nowhere/weights.safetensors', '/nowhere/teacher.onnx']) {
      expect(await refusal(named(name))).toBeInstanceOf(AncError);
    }
  });
});

describe('checkTrainedTeacher', () => {
  const model = named('nin');

  it('accepts a teacher that is trained in the run', () => {
    expect(() => checkTrainedTeacher({ model })).not.toThrow();
  });

  it.each([{ preprocessing: 'unit' }, { classes: ['a'] }])('refuses what only files have: %j', (more) => {
    expect(() => checkTrainedTeacher({ model, ...more })).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        message: `teacher.${Object.keys(more)[0]}: the teacher is trained in this run and not given as a file.`,
        detail: expect.objectContaining({
          path: ['teacher', Object.keys(more)[0]],
          received: 'the model nin',
        }) as unknown,
      }) as Error,
    );
  });
});
