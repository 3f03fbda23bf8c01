import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Rng, type HostTensor } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { asTensors } from '@anc/pipeline/internal';
import { loadComposition } from '@anc/pipeline/plugins';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let place: Workplace;
const program = (...args: string[]) => inProcess(args, place.path);
const glyphs = ['--dataset', 'glyphs', '--limit-test', '30'];

/** A small network's weights as a file, some of them changed. */
async function write(
  file: string,
  input: readonly [number, number, number],
  change: (data: HostTensor) => void,
) {
  const model = { name: 'cnn', options: { widths: [2], features: 4 } };
  const { registries } = await loadComposition([], place.path);
  const network = await registries.models.create(model, { input, classes: 10 });
  const tensors = asTensors(network.init(Rng.fromSeed(1), input));
  change(tensors['params/conv1/weights']!);
  const metadata = {
    model: 'cnn',
    modelOptions: JSON.stringify(model.options),
    input: JSON.stringify(input),
    classes: '10',
    normalization: JSON.stringify({
      mean: input.slice(2).map(() => 0.5),
      std: input.slice(2).map(() => 0.5),
    }),
  };
  await writeFile(join(place.path, file), encodeSafetensors(tensors, metadata));
}

beforeAll(async () => {
  place = await workplace();
  await write('nan.safetensors', [28, 28, 1], ({ data }) => (data[3] = NaN));
  await write('infinite.safetensors', [28, 28, 1], ({ data }) => (data[3] = Infinity));
});
afterAll(() => place.remove());

describe('weights that are no numbers', () => {
  it.each([
    ['nan', 'NaN'],
    ['infinite', 'Infinity'],
  ])('are not imported: %s', async (file, value) => {
    const { code, stderr } = await program(
      'import',
      `${file}.safetensors`,
      '--out',
      `${file}-ours.safetensors`,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('"params/conv1/weights" holds numbers that are not finite');
    expect(stderr).toContain(`received: ${value}, its number 4`);
    expect(await place.files()).not.toContain(`${file}-ours.safetensors`);
  });

  it.each(['onnx', 'safetensors', 'keras'])('are not exported as %s', async (format) => {
    const out = `nan-out.${format}`;
    const { code, stderr } = await program('export', 'nan.safetensors', '--format', format, '--out', out);
    expect(code).toBe(1);
    expect(stderr).toContain("the network's own logits are not finite");
    expect(await place.files()).not.toContain(out);
  });

  it('are no teacher', async () => {
    const student = [
      '--student',
      'cnn(widths=[2,2],features=4)',
      '--limit-train',
      '64',
      '--limit-test',
      '32',
    ];
    const { code, stderr } = await program('run', '--teacher', 'nan.safetensors', ...student, '--quiet');
    expect(code).toBe(2);
    expect(stderr).toContain('gives logits that are not finite');
  });

  it('have no error rate', async () => {
    const { code, stdout, stderr } = await program('eval', 'nan.safetensors', ...glyphs);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('gives logits that are not finite');
    expect(stderr).toContain('NaN among the logits of 30 of 30 images');
  });
});

it('are not imported as of more classes than there can be', async () => {
  const classes = ['--classes', '100000000000000000000'];
  const { code, stderr } = await program(
    'import',
    'nan.safetensors',
    '--out',
    'many.safetensors',
    ...classes,
  );
  expect(code).toBe(2);
  expect(stderr).toContain('--classes: expected a whole number from 1 to 1,000,000.');
});

describe('weights that were trained on other images', () => {
  it('say which file it is, and both shapes', async () => {
    await write('coloured.safetensors', [32, 32, 3], () => undefined);
    const { code, stderr } = await program('eval', 'coloured.safetensors', ...glyphs);
    expect(code).toBe(2);
    expect(stderr).toContain('coloured.safetensors is of a network for images of another shape');
    expect(stderr).toContain('expected: images of 32×32×3');
    expect(stderr).toContain('received: images of 28×28×1');
  });
});
