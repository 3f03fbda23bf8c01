import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunResult } from '@anc/pipeline';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 240_000 });

const flags = [
  ['--limit-train', '192'],
  ['--limit-test', '64'],
  ['--validation', '0.3'],
  ['--batch-size', '32'],
  ['--epochs', '4'],
  ['--teacher-epochs', '2'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--methods', 'supervised,l2'],
  ['--learning-rate', '0.05'],
].flat();

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

const read = (run: string, ...path: string[]): Promise<Buffer> =>
  readFile(join(place.path, 'runs', run, ...path));

interface Epoch {
  readonly player: string;
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}

async function epochsOf(run: string, player: string): Promise<Epoch[]> {
  const lines = (await read(run, 'metrics.jsonl')).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Epoch).filter((record) => record.player === player);
}

describe('held-out images', () => {
  let whole: RunResult;

  it('are measured after every epoch, and tell the best one', async () => {
    const { code, stdout } = await inProcess(['run', ...flags, '--name', 'whole', '--json'], place.path);
    expect(code).toBe(0);
    whole = JSON.parse(stdout) as RunResult;
    const told = [
      { player: 'teacher', result: whole.teacher, by: 'validation/error', epochs: 2 },
      { player: 'supervised', result: whole.students[0]!, by: 'validation/error', epochs: 4 },
      { player: 'l2', result: whole.students[1]!, by: 'validation/agreement', epochs: 4 },
    ] as const;
    for (const { player, result, by, epochs } of told) {
      const records = await epochsOf('whole', player);
      expect(records.map(({ epoch }) => epoch)).toEqual(Array.from({ length: epochs }, (_, i) => i));
      const shares = records.map(({ metrics }) => metrics[by]!);
      const wanted = by === 'validation/error' ? Math.min(...shares) : Math.max(...shares);
      expect(result.best!.epoch, player).toBe(shares.indexOf(wanted) + 1); // the first of equals
      const chosen = records[result.best!.epoch - 1]!.metrics;
      expect(result.best!.validationError).toBe(chosen['validation/error']);
      expect(result.best!.testError).toEqual(expect.any(Number));
      expect(result.validationError).toBe(records.at(-1)!.metrics['validation/error']);
    }
    expect((await epochsOf('whole', 'teacher'))[0]!.metrics).not.toHaveProperty('validation/agreement');
  });

  it('keep the weights of the best epoch, the last ones where that was the best', async () => {
    for (const { name, best } of whole.students) {
      const [kept, last] = [
        await read('whole', 'student', name, 'best', 'weights.safetensors'),
        await read('whole', 'student', name, 'weights.safetensors'),
      ];
      expect(kept.equals(last)).toBe(best!.epoch === 4);
    }
  });

  it('tell the same after an interruption', async () => {
    const after = 'l2 (3 of 3)  epoch 3/4 done';
    expect((await inProcess(['run', ...flags, '--name', 'cut'], place.path, after)).code).toBe(130);
    const resumed = await inProcess(['run', '--resume', 'runs/cut', '--json'], place.path);
    const { students } = JSON.parse(resumed.stdout) as RunResult;
    expect(students[1]!.best).toEqual(whole.students[1]!.best);
    const path = ['student', 'l2', 'best', 'weights.safetensors'];
    expect(await read('cut', ...path)).toEqual(await read('whole', ...path));
  });
});
