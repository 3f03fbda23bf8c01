import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Rng } from '@anc/core';
import { permuted } from '@anc/core/internal';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import { lenet5 } from '@anc/models';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let place: Workplace;
const program = (...args: string[]) => inProcess(args, place.path);
const lenet = ['--model', 'lenet5', '--input', '28x28x1', '--preprocessing', 'unit'];

/** LeNet-5 with PyTorch's layout, all of whose weights are `value`. */
function network(prefix: string, value: number) {
  const input = [28, 28, 1] as const;
  const { params } = lenet5({}, { input, classes: 10 }).init(Rng.fromSeed(1), input);
  return Object.entries(params).map(([name, { shape, data }]) => {
    const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0];
    const turned = permuted(data.map(() => value) as Float32Array, shape, axes);
    const theirs = name.replace('/weights', '.weight').replace('/bias', '.bias');
    return [prefix + theirs, { shape: axes.map((axis) => shape[axis]!), data: turned }] as const;
  });
}

beforeAll(async () => {
  place = await workplace();
  const write = (file: string, ...groups: [string, number][]): Promise<void> =>
    writeFile(
      join(place.path, file),
      encodeSafetensors(Object.fromEntries(groups.flatMap(([prefix, value]) => network(prefix, value)))),
    );
  await write('averaged.safetensors', ['ema.module.', 2], ['model.', 1]);
  await write('pair.safetensors', ['teacher.', 2], ['student.', 1]);
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 46827520\n';
  for (const name of ['a.onnx', 'a.pth', 'a.h5', 'a.keras', 'a.safetensors', 'a.json']) {
    await writeFile(join(place.path, name), pointer);
  }
});
afterAll(() => place.remove());

/** The first weight of an imported file. */
async function firstOf(file: string): Promise<number> {
  const { tensors } = decodeSafetensors(await readFile(join(place.path, file)));
  return Object.values(tensors)[0]!.data[0]!;
}

describe('a file of several networks', () => {
  it('gives the model rather than its averages, and says so', async () => {
    const { code, stderr } = await program(
      'import',
      'averaged.safetensors',
      ...lenet,
      '--out',
      '1.safetensors',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('not used: "ema" (averages of the weights)');
    expect(await firstOf('1.safetensors')).toBe(1);
  });

  it('gives the one that is wanted', async () => {
    const wanted = ['--state-dict', 'ema', '--out', '2.safetensors'];
    const { code, stderr } = await program('import', 'averaged.safetensors', ...lenet, ...wanted);
    expect(code).toBe(0);
    expect(stderr).not.toContain('several');
    expect(await firstOf('2.safetensors')).toBe(2);
  });

  it('is refused where nothing tells which is meant', async () => {
    const { code, stderr } = await program('import', 'pair.safetensors', ...lenet, '--out', '3.safetensors');
    expect(code).toBe(2);
    expect(stderr).toContain('several networks');
    expect(stderr).toMatch(/one of (student, teacher|teacher, student)/);
  });
});

it.each(['a.onnx', 'a.pth', 'a.h5', 'a.keras', 'a.safetensors', 'a.json'])(
  'names a Git LFS pointer: %s',
  async (file) => {
    const { code, stderr } = await program('eval', file, '--dataset', 'glyphs', '--limit-test', '10');
    expect(code).toBe(2);
    expect(stderr).toContain('a Git LFS pointer');
  },
);
