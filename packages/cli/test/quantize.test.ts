import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '@anc/formats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunResult } from '@anc/pipeline';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

const tiny = [
  ['--limit-train', '128'],
  ['--limit-test', '64'],
  ['--batch-size', '32'],
  ['--epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[4,8],features=8)'],
].flat();

vi.setConfig({ testTimeout: 120_000 });

let place: Workplace;
let students: RunResult['students'];
beforeAll(async () => {
  place = await workplace();
  const methods = 'ttq,xnor,l2(quantize=bwn),adversarial(quantize=binaryconnect),kd(quantize=none)';
  const args = ['run', ...tiny, '--quantize', 'ttq', '--methods', methods, '--name', 'few', '--json'];
  const { code, stdout, stderr } = await inProcess(args, place.path);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  ({ students } = JSON.parse(stdout) as RunResult);
}, 120_000);
afterAll(() => place.remove());

const inside = (player: string, file: string): string =>
  join(place.path, 'runs', 'few', 'student', player, file);

async function logitsError(file: string): Promise<unknown> {
  const { code, stdout, stderr } = await inProcess(
    ['eval', file, '--dataset', 'glyphs', '--limit-test', '200', '--json'],
    place.path,
  );
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { testError: unknown }).testError;
}

describe('few-valued weights', () => {
  it.each([
    ['ttq', 'ttq'],
    ['xnor', 'xnor'],
    ['l2', 'bwn'],
    ['adversarial', 'binaryconnect'],
  ])('of %s are stored as codes and read back to the same network', async (player, estimator) => {
    const { bytes } = students.find(({ name }) => name === player)!;
    const [compact, full] = [inside(player, 'compact.safetensors'), inside(player, 'weights.safetensors')];
    expect((await stat(compact)).size).toBe(bytes);
    expect(bytes).toBeLessThan((await stat(full)).size / 2);
    const { tensors, metadata } = decodeSafetensors(await readFile(compact));
    expect(metadata.compact).toMatch(new RegExp(`^${estimator}`));
    expect(Object.keys(tensors).some((name) => name.endsWith('/codes'))).toBe(true);
    expect(await logitsError(compact)).toBe(await logitsError(full));
    expect(await readFile(inside(player, 'README.md'), 'utf8')).toContain('bytes of codes and levels');
  });

  it('leave a student alone that says it wants none', async () => {
    await expect(stat(inside('kd', 'compact.safetensors'))).rejects.toThrow(/ENOENT/);
    const { bytes } = students.find(({ name }) => name === 'kd')!;
    expect(bytes).toBe((await stat(inside('kd', 'weights.safetensors'))).size);
  });
});

it('mixup changes what students see, and the same mix comes again', async () => {
  const run = async (name: string, ...more: string[]): Promise<unknown> => {
    const args = ['run', ...tiny, '--methods', 'l2', '--name', name, '--json', ...more];
    const { code, stdout } = await inProcess(args, place.path);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as RunResult).students[0]!.weights;
  };
  const [plain, mixed, again] = [
    await run('plain'),
    await run('mixed', '--mixup', '1'),
    await run('again', '--mixup', '1'),
  ];
  expect(mixed).not.toBe(plain);
  expect(again).toBe(mixed);
});
