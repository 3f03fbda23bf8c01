import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchmarkModels, namedApart } from './models.js';

/** A field of bytes in a message of Protocol Buffers. */
const field = (number: number, content: readonly number[]): number[] => [
  (number << 3) | 2,
  content.length,
  ...content,
];
const text = (letters: string): number[] => [...Buffer.from(letters)];

/** An ONNX model whose only tensor, of 8 floats, is in another file. */
const external = (file: string): Uint8Array => {
  const location = field(13, [...field(1, text('location')), ...field(2, text(file))]);
  const tensor = [8, 8, 16, 1, ...field(8, text('w')), ...location, 112, 1]; // dims: 8, data_type: float, data_location
  return Uint8Array.from(field(7, [...field(1, field(4, text('Relu'))), ...field(5, tensor)]));
};

it('counts the bytes of weights in other files', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'anc-benchmark-models-'));
  try {
    await writeFile(join(cwd, 'model.onnx'), external('w.bin'));
    await writeFile(join(cwd, 'w.bin'), new Uint8Array(32).fill(7));
    const request = { what: 'model.onnx', cwd, input: [8, 8, 1], notice: () => undefined } as const;
    const [model] = await benchmarkModels(request, null as never);
    expect(model!.onnx.filter((byte) => byte === 7)).toHaveLength(32);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
});

it('names inputs with the same last part by the whole of them', () => {
  const file = (what: string) => ({ what, models: [{ name: 'model.onnx', of: 'model.onnx' }] });
  const run = (what: string) => ({
    what,
    models: ['teacher', 'kd'].map((name) => ({ name, of: 'photos-1' })),
  });
  expect(namedApart([file('a/model.onnx'), run('runs/photos-1')])).toEqual([
    { name: 'model.onnx', of: 'model.onnx' },
    { name: 'teacher', of: 'photos-1' },
    { name: 'kd', of: 'photos-1' },
  ]);
  expect(
    namedApart([file('a/model.onnx'), file('b/model.onnx'), run('runs/photos-1'), run('old/photos-1')]),
  ).toEqual([
    { name: 'a/model.onnx', of: 'a/model.onnx' },
    { name: 'b/model.onnx', of: 'b/model.onnx' },
    { name: 'teacher', of: 'runs/photos-1' },
    { name: 'kd', of: 'runs/photos-1' },
    { name: 'teacher', of: 'old/photos-1' },
    { name: 'kd', of: 'old/photos-1' },
  ]);
});
