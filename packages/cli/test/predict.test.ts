import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeTrees, prefixTree, Rng } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { cnn } from '@anc/models';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
const program = (...args: string[]) => inProcess(['predict', ...args], place.path);

beforeAll(async () => {
  place = await workplace();
  const options = { widths: [2], features: 4 };
  const input = [8, 8, 3] as const;
  const { params, stats } = cnn(options, { classes: 3 }).init(Rng.fromSeed(1), input);
  const tensors = mergeTrees(prefixTree('params', params), prefixTree('stats', stats));
  const metadata = {
    model: 'cnn',
    modelOptions: JSON.stringify(options),
    input: JSON.stringify(input),
    classes: JSON.stringify(['red, or so', 'green', 'blue']),
  };
  await writeFile(join(place.path, 'model.safetensors'), encodeSafetensors(tensors, metadata));
  for (const [name, r] of [
    ['dark', 10],
    ['light', 240],
  ] as const) {
    // prettier-ignore
    const picture = sharp({ create: { width: 20, height: 12, channels: 3, background: { r, g: r, b: r } } });
    await picture.png().toFile(join(place.path, `${name}.png`));
  }
  await writeFile(join(place.path, 'broken.png'), 'no picture');
});
afterAll(() => place.remove());

interface Document {
  readonly images: readonly {
    image: string;
    classes: { index: number; name: string; probability: number }[];
  }[];
  readonly failed: readonly unknown[];
}

describe('predict', () => {
  it('prints a table, a document, CSV and a sheet of the same predictions', async () => {
    const { code, stdout } = await program('model.safetensors', 'dark.png', 'light.png', '--json');
    expect(code).toBe(0);
    const { images } = JSON.parse(stdout) as Document;
    expect(images.map(({ image, classes }) => [image, classes.length])).toEqual([
      ['dark.png', 3],
      ['light.png', 3],
    ]);
    const [best] = images[0]!.classes;
    expect(images[0]!.classes.reduce((sum, one) => sum + one.probability, 0)).toBeCloseTo(1, 6);

    const flags = ['--top', '1', '--csv', 'out/classes.csv', '--sheet', 'sheet.png'];
    const table = await program('model.safetensors', '*.png', ...flags, '--preprocessing', 'unit');
    expect(table.stdout).toContain('dark.png');
    expect(table.stdout).toContain(`${best!.name} ${(100 * best!.probability).toFixed(1)}`);
    // One of the three is no picture: the others have predictions, and the exit code says so.
    expect({ code: table.code, stderr: table.stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('1 of 3 images do not decode') as string,
    });
    const csv = await readFile(join(place.path, 'out/classes.csv'), 'utf8');
    const name = best!.name.includes(',') ? `"${best!.name}"` : best!.name;
    expect(csv.split('\n').slice(0, 2)).toEqual([
      'image,class,probability',
      `dark.png,${name},${best!.probability.toFixed(6)}`,
    ]);
    expect([...(await readFile(join(place.path, 'sheet.png'))).subarray(1, 4)]).toEqual([
      ...Buffer.from('PNG'),
    ]);

    const printed = await program('model.safetensors', 'dark.png', '--top', '1', '--csv', '-');
    expect(printed.stdout).toBe(csv.split('\n').slice(0, 2).join('\n') + '\n');
  });

  it.each<[string, string[], string]>([
    ['an image that is not there', ['model.safetensors', 'none.png'], 'ANC_DATA_MISSING'],
    ['a file that is no image', ['model.safetensors', 'broken.png'], 'ANC_DATA_CORRUPT'],
    ['a model that is not there', ['none.onnx', 'dark.png'], 'ANC_FILE'],
    [
      'a table that is there already',
      ['model.safetensors', 'dark.png', '--csv', 'dark.png'],
      'ANC_FILE_EXISTS',
    ],
    ['two documents on stdout', ['model.safetensors', 'dark.png', '--csv', '-'], 'ANC_USAGE'],
    ['no class at all', ['model.safetensors', 'dark.png', '--top', '0'], 'ANC_USAGE'],
    ['no images', ['model.safetensors'], 'ANC_USAGE'],
  ])('refuses %s', async (_, args, code) => {
    const outcome = await program(...args, '--json');
    expect(outcome.code).toBe(2);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code } });
  });
});
