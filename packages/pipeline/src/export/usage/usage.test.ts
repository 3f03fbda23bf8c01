import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mergeTrees, prefixTree, Rng } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { cnn } from '@anc/models';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel, type ExportOptions } from '../../api/export-model.js';
import { predict } from '../../api/predict.js';

let cwd: string;
const CLASSES = ['red', 'green', 'blue'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-usage-'));
  await symlink(
    fileURLToPath(new URL('../../../../../node_modules', import.meta.url)),
    join(cwd, 'node_modules'),
  );
  const options = { widths: [4], features: 8 };
  const input = [8, 8, 3] as const;
  const { params, stats } = cnn(options, { classes: 3 }).init(Rng.fromSeed(2), input);
  const tensors = mergeTrees(prefixTree('params', params), prefixTree('stats', stats));
  const common = {
    model: 'cnn',
    modelOptions: JSON.stringify(options),
    input: JSON.stringify(input),
    classes: JSON.stringify(CLASSES),
  };
  const normalizations = { fixed: { mean: [120, 110, 100], std: [60, 50, 40] }, each: 'per-image' };
  for (const [name, normalization] of Object.entries(normalizations)) {
    const metadata = { ...common, normalization: JSON.stringify(normalization) };
    await writeFile(join(cwd, `${name}.safetensors`), encodeSafetensors(tensors, metadata));
  }
  const picture = sharp({ create: { width: 21, height: 12, channels: 3, background: '#20c040' } });
  await picture.png().toFile(join(cwd, 'green.png'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const node = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { cwd }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });

describe('what is written beside an export', () => {
  it.each<[string, string, ExportOptions]>([
    ['planes of floats', 'fixed', { format: 'onnx', to: 'planes.onnx' }],
    ['bytes', 'fixed', { format: 'onnx', to: 'bytes.onnx', foldNormalization: true, layout: 'nhwc' }],
    ['a GraphModel of images normalized each', 'each', { format: 'tfjs', to: 'graph' }],
  ])('uses and checks %s in Node', async (_what, weights, options) => {
    const { usage } = await exportModel(`${weights}.safetensors`, { cwd, ...options });
    expect(usage).toBe(`${options.to!}-usage`);
    const program = join(usage!, 'usage.mjs');
    const checked = await node(program);
    expect({ code: checked.code, error: checked.code === 0 ? '' : checked.stderr }).toEqual({
      code: 0,
      error: '',
    });
    expect(checked.stdout).toContain('8 images, largest difference');
    const { images } = await predict(`${weights}.safetensors`, 'green.png', { cwd });
    expect(await node(program, 'green.png')).toMatchObject({
      code: 0,
      stdout: `green.png ${images[0]!.classes[0]!.name!}\n`,
    });
  });

  it('says what to install where a package is missing', async () => {
    const apart = await mkdtemp(join(tmpdir(), 'anc-bare-'));
    try {
      await cp(join(cwd, 'planes.onnx-usage'), apart, { recursive: true }); // of the first test
      const { code, stderr } = await node(join(apart, 'usage.mjs'));
      expect(code).toBe(2);
      expect(stderr.split('\n').slice(1)).toEqual([
        'onnxruntime-node cannot be loaded: npm install onnxruntime-node sharp',
        '',
      ]);
    } finally {
      await rm(apart, { recursive: true, force: true });
    }
  });

  it('finds a model that gives other logits', async () => {
    await exportModel('fixed.safetensors', { cwd, to: 'other.onnx' });
    const file = join(cwd, 'other.onnx-usage', 'fixture.json');
    const fixture = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...fixture, normalization: { mean: [0], std: [255] } }));
    expect((await node(join('other.onnx-usage', 'usage.mjs'))).code).toBe(1);
  });

  it('is a fixture alone where no other program reads the file, and nothing where it is not wanted', async () => {
    const { usage } = await exportModel('fixed.safetensors', {
      cwd,
      format: 'safetensors',
      to: 'copy.safetensors',
    });
    expect((await readdir(join(cwd, usage!))).sort()).toEqual(['README.md', 'fixture.json']);
    const without = await exportModel('fixed.safetensors', { cwd, to: 'alone.onnx', usage: false });
    expect(without).not.toHaveProperty('usage');
    await expect(readdir(join(cwd, 'alone.onnx-usage'))).rejects.toThrow('ENOENT');
  });

  it('takes the place of what a killed export left, and of nothing else', async () => {
    const options = { cwd, format: 'safetensors', to: 'again.safetensors' } as const;
    const { usage } = await exportModel('fixed.safetensors', options);
    const folder = join(cwd, usage!);
    const fixture = await readFile(join(folder, 'fixture.json'), 'utf8');
    await rm(join(cwd, 'again.safetensors')); // as if it had been killed before the model was in its place
    await writeFile(join(folder, 'README.md'), 'of the killed export');
    await exportModel('fixed.safetensors', options);
    expect(await readFile(join(folder, 'fixture.json'), 'utf8')).toBe(fixture);
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain('# Using again.safetensors');

    await rm(join(cwd, 'again.safetensors'));
    await writeFile(join(folder, 'notes.txt'), 'of a person');
    await expect(exportModel('fixed.safetensors', options)).rejects.toMatchObject({
      code: 'ANC_FILE_EXISTS',
    });
    expect((await readdir(cwd)).filter((name) => name.startsWith('again'))).toEqual([
      'again.safetensors-usage',
    ]);
  });
});
