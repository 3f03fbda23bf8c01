import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import models from '@anc/models';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { withTeacherPath } from './resolved-names.js';

const composition = compose([models()]);
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-names-'));
  await mkdir(join(dir, 'mine'));
  await mkdir(join(dir, 'lenet5'));
  await writeFile(join(dir, 'model.tflite'), 'x');
  await writeFile(join(dir, 'run (1)'), 'x');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const teacherOf = async (model: string | { name: string }) =>
  (await withTeacherPath({ teacher: { model } }, dir, () => Promise.resolve(composition))).teacher!.model;

describe('withTeacherPath', () => {
  it.each([
    ['mine', './mine'],
    ['model.tflite', './model.tflite'],
    ['mine(stateDict=ema)', './mine(stateDict=ema)'],
    ['run (1)', './run (1)'],
    [' mine', './mine'],
  ])('takes what is in the working directory: %s', async (given, expected) => {
    expect(await teacherOf(given)).toBe(expected);
    expect(await teacherOf({ name: given.replace(/\(stateDict.*/, '') })).toEqual({
      name: expected.replace(/\(stateDict.*/, ''),
    });
  });

  it.each(['lenet5', 'lenet5(width=2)', './mine', 'model.onnx', 'nothing', ''])(
    'leaves models, paths and unknown names as they are: %s',
    async (given) => {
      expect(await teacherOf(given)).toBe(given);
    },
  );

  it('changes nothing where no teacher is given', async () => {
    const input = { data: { limitTrain: 5 } };
    expect(await withTeacherPath(input, dir, () => Promise.reject(new Error('not called')))).toBe(input);
  });
});
