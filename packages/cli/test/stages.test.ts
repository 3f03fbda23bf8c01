import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

const tiny = [
  ['--limit-train', '128'],
  ['--limit-test', '40'],
  ['--batch-size', '32'],
  ['--epochs', '4'],
  ['--teacher-epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
].flat();

vi.setConfig({ testTimeout: 240_000 });

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

/** Two stages of two epochs. The contract of methods interrupts the others in every stage. */
describe('fitnets, stopped in either stage, ends with the bytes of a training that was not', () => {
  const weights = (run: string): Promise<Buffer> =>
    readFile(join(place.path, 'runs', run, 'student', 'fitnets', 'weights.safetensors'));
  const args = (run: string): string[] => [
    ...['run', ...tiny, '--methods', 'fitnets(hintShare=0.5)', '--name', run],
  ];

  it('goes on from a checkpoint', async () => {
    expect((await inProcess(args('whole'), place.path)).code).toBe(0);
    for (const [run, after] of [
      ['first', `(1 of 2)  epoch 1/2 done`],
      ['second', `(1 of 2)  epoch 2/2 done`],
    ] as const) {
      expect((await inProcess(args(run), place.path, after)).code).toBe(130);
      expect((await inProcess(['run', '--resume', join('runs', run)], place.path)).code).toBe(0);
      expect(await weights(run)).toEqual(await weights('whole'));
    }
  });
});
