import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeTrees, prefixTree, Rng } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { cnn } from '@anc/models';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = await workplace();
});
afterEach(() => place.remove());
const program = (...args: string[]) => inProcess(args, place.path);

/** An untrained network, as a file of weights that says what it is. */
async function writeTeacher(): Promise<void> {
  const options = { widths: [2], features: 4 };
  const input = [28, 28, 1] as const;
  const { params, stats } = cnn(options, { classes: 10 }).init(Rng.fromSeed(1), input);
  const tensors = mergeTrees(prefixTree('params', params), prefixTree('stats', stats));
  const metadata = {
    model: 'cnn',
    modelOptions: JSON.stringify(options),
    input: JSON.stringify(input),
    classes: '10',
  };
  await writeFile(join(place.path, 'teacher.safetensors'), encodeSafetensors(tensors, metadata));
}

describe('check', () => {
  it('shows what a teacher makes of images, compares readings and warns', async () => {
    await writeTeacher();
    const { code, stdout } = await program('check', 'teacher.safetensors', 'glyphs(train=60,test=20)', '--limit', '40', '--json'); // prettier-ignore
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as {
      images: unknown;
      answers: { count: number; top1: unknown[] };
      readings: { reading: string; accuracy: number | null }[];
      warnings: { code: string }[];
      among: string[];
      sheet: string;
    };
    expect(found.images).toEqual({ total: 60, looked: 40, broken: [] });
    expect(found.answers.top1.length).toBe(40);
    expect(found.readings.map(({ reading }) => reading).sort()).toEqual(
      [
        '-1 to 1',
        '0 to 255',
        'Fashion-MNIST mean/std',
        'ImageNet mean off',
        'ImageNet mean/std',
        'MNIST mean/std',
        'as it is given',
      ].sort(),
    );
    // An untrained network answers at random: nothing may be called likely on that.
    expect(found).toMatchObject({ verdict: 'undecided', likely: null, inUse: '0 to 1' });
    expect(found.among.length).toBeGreaterThan(1);
    expect(found.warnings.map(({ code: warning }) => warning)).toContain('few-images');
    expect([...(await readFile(found.sheet)).subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  });

  it('lists what cannot be distinguished, what is in use, and how another is set', async () => {
    await writeTeacher();
    const { stdout } = await program(
      'check',
      'teacher.safetensors',
      'glyphs(train=60,test=20)',
      '--limit',
      '40',
    );
    expect(stdout).toMatch(/undecided: on 40 images, these differ too little to decide: .+; /);
    expect(stdout).toContain('in use: 0 to 1');
    expect(stdout).toContain('as it is given');
    expect(stdout).toContain('images of 28×28×1: size and channels from the metadata of the model');
  });

  it.each<[string, string[], string]>([
    ['a teacher that is not there', ['none.onnx', 'glyphs'], 'ANC_FILE'],
    ['images that are not there', ['teacher.safetensors', 'glyph'], 'ANC_DATA_MISSING'],
    ['a sheet that cannot be written', ['teacher.safetensors', 'glyphs(train=20,test=20)', '--sheet', 'teacher.safetensors/x.png'], 'ANC_FILE'], // prettier-ignore
  ])('refuses %s', async (_, args, code) => {
    await writeTeacher();
    const outcome = await program('check', ...args, '--json');
    expect(outcome.code).toBe(2);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code } });
  });
});
