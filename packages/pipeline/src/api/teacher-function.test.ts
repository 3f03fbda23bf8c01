import type { AncError, HostTensor } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { CornerTeacher } from '../../test/corner-teacher.js';
import { Corners } from '../../test/tiny-plugins.js';
import { openTeacherValue, type ImageTensor, type TeacherFunction } from './teacher-function.js';

const dataset = new Corners({ classes: ['a', 'b', 'c'] });
const model = { name: 'value:teacher', options: {} };
const open = async (value: TeacherFunction | CornerTeacher, classes?: readonly string[]) =>
  (await openTeacherValue(value, classes)(dataset, model)).given;

/** Images whose first pixel is its index. */
const images = (count: number): HostTensor => {
  const data = new Uint8Array(64 * count);
  for (let i = 0; i < count; i++) data[64 * i] = i;
  return { shape: [count, 8, 8, 1], data };
};
const first = ({ shape: [batch], data }: ImageTensor): number[] =>
  Array.from({ length: batch }, (_, i) => data[64 * i]!);
const rows = (tensor: ImageTensor): number[][] => first(tensor).map((value) => [value, 1, 2]);

const refusal = (work: Promise<unknown>): Promise<AncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was refused')),
    (error: unknown) => error as AncError,
  );

describe('a teacher function', () => {
  it.each<[string, TeacherFunction]>([
    ['rows of numbers', (tensor) => rows(tensor)],
    ['one array, row by row', (tensor) => Float32Array.from(rows(tensor).flat())],
    ['rows of logits', (tensor) => ({ logits: rows(tensor) })],
    ['one array of logits', (tensor) => ({ logits: Float32Array.from(rows(tensor).flat()) })],
    ['a promise', (tensor) => Promise.resolve(rows(tensor))],
  ])('may return %s', async (_what, call) => {
    const { teacher, classes } = await open(call);
    expect(classes).toBe(3);
    expect(teacher.outputs).toEqual({ logits: [3] });
    expect(await teacher.infer(images(2), ['logits'])).toEqual({
      logits: { shape: [2, 3], data: Float32Array.of(0, 1, 2, 1, 1, 2) },
    });
  });

  it('may return features beside the logits', async () => {
    const { teacher } = await open((tensor) => ({
      logits: rows(tensor),
      features: first(tensor).map((value) => [value, -value]),
    }));
    expect(teacher.outputs).toEqual({ logits: [3], features: [2] });
    const { features } = await teacher.infer(images(3), ['features']);
    expect(features).toEqual({ shape: [3, 2], data: Float32Array.of(0, -0, 1, -1, 2, -2) });
  });

  it('is given bytes with their shape', async () => {
    const shapes: number[][] = [];
    const { teacher } = await open((tensor) => {
      shapes.push([...tensor.shape]);
      expect(tensor.data).toBeInstanceOf(Uint8Array);
      return rows(tensor);
    });
    await teacher.infer(images(5), ['logits']);
    expect(shapes).toEqual([
      [2, 8, 8, 1], // before anything is trained: what it returns, how much for another batch, which function it is
      [3, 8, 8, 1],
      [2, 8, 8, 1],
      [5, 8, 8, 1],
    ]);
  });

  it.each<[string, (tensor: ImageTensor) => unknown, string]>([
    ['too few rows', (tensor) => rows(tensor).slice(1), '1 rows, 3 numbers'],
    ['too many rows', (tensor) => [...rows(tensor), [0, 1, 2]], '3 rows, 9 numbers'],
    ['rows of different lengths', () => [[1, 2, 3], [4]], '2 rows, 4 numbers'],
    ['a part of a row', () => new Float32Array(5), '5 numbers'],
    ['an empty array', () => new Float32Array(0), '0 numbers'],
    ['no rows', () => [], '0 rows, 0 numbers'],
    ['no logits', () => ({ features: [[1], [2]] }), '0 rows, 0 numbers'],
    ['nothing', () => undefined, 'undefined'],
    ['null', () => null, 'null'],
    ['a number', () => 3, 'number'],
  ])('is refused where it returns %s', async (_what, call, received) => {
    const { code, message, detail } = await refusal(open(call as TeacherFunction));
    expect(code).toBe('ANC_TEACHER_OUTPUT');
    expect(message).toMatch(/^the teacher function returned /);
    expect(detail.received).toContain(received);
  });

  it('is refused where it returns wrong features, with their name', async () => {
    const { message } = await refusal(open((tensor) => ({ logits: rows(tensor), features: [[1]] })));
    expect(message).toBe('the teacher function returned features of a wrong size.');
  });

  it.each([
    ['one number per row', (values: number[]) => values.map((value) => [value])],
    ['numbers', (values: number[]) => values as unknown as number[][]],
    ['one array', (values: number[]) => Float32Array.from(values)],
  ])('with one number per image has two classes: %s', async (_what, packed) => {
    const logit: TeacherFunction = (tensor) => packed(first(tensor).map((value) => value - 100));
    const given = await open(logit);
    expect(given).toMatchObject({ classes: 2, classNames: null });
    expect(given.notices.join()).toMatch(/logits 0 and z/);
    expect(given.teacher.outputs).toEqual({ logits: [2] });
    expect(await given.teacher.infer(images(3), ['logits'])).toEqual({
      logits: { shape: [3, 2], data: Float32Array.of(0, -100, 0, -99, 0, -98) },
    });
    const share: TeacherFunction = (tensor) => packed(first(tensor).map((value) => value / 255));
    const unsure = await open(share, ['cat', 'dog']);
    expect(unsure).toMatchObject({ classes: 2, classNames: ['cat', 'dog'] });
    expect(unsure.notices.join()).toMatch(/probability p/);
    const { logits } = await unsure.teacher.infer(images(3), ['logits']);
    const wanted = [
      Math.log(1),
      Math.log(1e-7),
      Math.log(254 / 255),
      Math.log(1 / 255),
      Math.log(253 / 255),
      Math.log(2 / 255),
    ];
    wanted.forEach((value, i) => expect(logits!.data[i]).toBeCloseTo(value, 5));
    const said = await open(
      Object.assign((tensor: ImageTensor) => share(tensor), { outputs: 'logits' as const }),
    );
    expect((await said.teacher.infer(images(2), ['logits'])).logits!.data).toEqual(
      Float32Array.of(0, 0, 0, 1 / 255),
    );
  });

  it('that gives probabilities has their logarithms as logits', async () => {
    const softmax: TeacherFunction = (tensor) =>
      first(tensor).map((value) => [value / 510, 0.5, 0.5 - value / 510]);
    const { teacher, notices } = await open(softmax);
    expect(notices.join()).toMatch(/probabilities; their logarithms/);
    const { logits } = await teacher.infer(images(2), ['logits']);
    const wanted = [1e-12, 0.5, 0.5, 1 / 510, 0.5, 0.5 - 1 / 510].map(Math.log);
    wanted.forEach((value, i) => expect(logits!.data[i]).toBeCloseTo(value, 5));
    const said = await open(
      Object.assign((tensor: ImageTensor) => softmax(tensor), { outputs: 'logits' as const }),
    );
    expect(said.notices).toEqual([]);
    expect((await said.teacher.infer(images(1), ['logits'])).logits!.data).toEqual(
      Float32Array.of(0, 0.5, 0.5),
    );
  });

  it('is refused where numbers turn out to be no probabilities', async () => {
    let scale = 1;
    const { teacher } = await open((tensor) => first(tensor).map((value) => [(scale * value) / 255]));
    scale = 1000;
    expect(await refusal(teacher.infer(images(2), ['logits']))).toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { hint: expect.stringContaining("outputs = 'logits'") as string },
    });
  });

  it('is refused where it returns one row for the whole batch', async () => {
    const error = await refusal(open(() => Float32Array.of(1, 2, 3, 4)));
    expect(error).toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { received: expect.stringMatching(/4 numbers/) as string },
    });
    const even = await refusal(open(() => new Float32Array(6)));
    expect(even.detail.received).toBe('6 numbers for 2 images, 6 for 3');
  });

  it('is refused later where its outputs change their shape, or lack one', async () => {
    let width = 3;
    const { teacher } = await open(({ shape: [batch] }) => new Float32Array(batch * width));
    width = 4;
    expect(await refusal(teacher.infer(images(2), ['logits']))).toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { expected: '[3] per image', received: '[4]' },
    });
    width = 3;
    expect(await refusal(teacher.infer(images(2), ['features']))).toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { expected: 'one of logits' },
    });
  });

  it('passes on what it throws', async () => {
    await expect(open(() => Promise.reject(new Error('service unavailable')))).rejects.toThrow(
      'service unavailable',
    );
  });
});

describe('the identity of a teacher function', () => {
  const plain = (): TeacherFunction => (tensor) => rows(tensor);

  it('is its id, so that its outputs may be kept for other runs', async () => {
    const [one, same, other] = await Promise.all([
      open(Object.assign(plain(), { id: 'v1' })),
      open(Object.assign(plain(), { id: 'v1' })),
      open(Object.assign(plain(), { id: 'v2' })),
    ]);
    expect(one.teacher.name).toBe('v1');
    expect(one.model).toBe('v1');
    expect(same.teacher.hash).toBe(one.teacher.hash);
    expect(same.digest).toBe(one.digest);
    expect(other.teacher.hash).not.toBe(one.teacher.hash);
    expect(other.digest).not.toBe(one.digest);
  });

  it('is different for every opening without one: another function may have the same name', async () => {
    const call = plain();
    const [one, other] = [await open(call), await open(call)];
    expect(one.teacher.hash).not.toBe(other.teacher.hash);
    expect(
      (
        await open(function classify(tensor) {
          return rows(tensor);
        })
      ).teacher.name,
    ).toBe('classify');
    expect((await open((() => plain())())).teacher.name).toBe('teacher function');
  });

  it('is not that of a function whose name is the id of another', async () => {
    const unnamed = await open(function classify(tensor) {
      return rows(tensor);
    });
    const named = await open(Object.assign(plain(), { id: 'classify' }));
    expect(named.teacher.hash).not.toBe(unnamed.teacher.hash);
  });
});

describe('the classes of a teacher that is a value', () => {
  const call: TeacherFunction = (tensor) => rows(tensor);

  it('are those that the caller names, else its own, else those of as many images', async () => {
    expect((await open(call)).classNames).toEqual(['a', 'b', 'c']);
    const own = Object.assign((tensor: ImageTensor) => rows(tensor), { classes: ['x', 'y', 'z'] });
    expect((await open(own)).classNames).toEqual(['x', 'y', 'z']);
    expect((await open(own, ['1', '2', '3'])).classNames).toEqual(['1', '2', '3']);
    expect((await open(({ shape: [batch] }) => new Float32Array(4 * batch))).classNames).toBeNull();
  });

  it('are as many as its logits', async () => {
    expect(await refusal(open(call, ['x', 'y']))).toMatchObject({
      code: 'ANC_CLASSES',
      detail: { expected: '3 names, one for each logit', received: '2' },
    });
  });
});

describe('a Teacher of the caller', () => {
  it('is used as it is, and not disposed by the run', async () => {
    const teacher = new CornerTeacher();
    let disposed = 0;
    teacher.dispose = async () => {
      disposed++;
    };
    const given = await open(teacher);
    expect(given).toMatchObject({
      model: 'corner teacher',
      classes: 4,
      classNames: null,
      bytes: 0,
      notices: [],
    });
    expect(given.teacher).toBe(teacher);
    await given.dispose();
    expect(disposed).toBe(0);
  });

  it('gives a row of logits for each image', async () => {
    const teacher = new CornerTeacher();
    teacher.infer = () => Promise.resolve({ logits: { shape: [1, 4], data: new Float32Array(4) } });
    expect(await refusal(open(teacher))).toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { expected: '[2, 4] for 2 images', received: '[1, 4]' },
    });
  });

  it('with one logit has two classes', async () => {
    const given = await open(new CornerTeacher(1));
    expect(given).toMatchObject({
      classes: 2,
      notices: [expect.stringMatching(/one number per image/) as string],
    });
    expect(given.teacher.outputs).toEqual({ logits: [2], features: [6] });
    const { logits, features } = await given.teacher.infer(images(2), ['logits', 'features']);
    expect(logits!.shape).toEqual([2, 2]);
    expect(features!.shape).toEqual([2, 6]);
  });

  it('needs logits', async () => {
    const teacher = Object.assign(new CornerTeacher(), { outputs: { features: [6] } });
    expect(await refusal(open(teacher))).toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { received: 'no output named "logits"' },
    });
  });
});
