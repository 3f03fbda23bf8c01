import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunResult } from '@anc/pipeline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

const SMALL = [
  ['--teacher', 'cnn(widths=[3,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--limit-train', '64'],
  ['--limit-test', '40'],
  ['--batch-size', '8'],
  ['--teacher-epochs', '1'],
  ['--epochs', '6'],
  ['--steps-per-epoch', '10'],
].flat();

describe('run --dataset none', () => {
  it('compares the method with its controls and with training on real images, in one table', async () => {
    const { code, stdout, stderr } = await inProcess(
      ['run', '--dataset', 'none', ...SMALL, '--epochs', '1', '--name', 'table', '--json'],
      place.path,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/the teacher is trained on glyphs/);
    const { dataset, students } = JSON.parse(stdout) as RunResult;
    expect(dataset).toBe('glyphs');
    expect(students.map(({ name }) => name)).toEqual([
      ...['data-free-noise', 'data-free-untrained', 'data-free-non-adversarial', 'data-free', 'kd'],
    ]);
    for (const { agreement } of students) expect(agreement).toBeGreaterThanOrEqual(0);
  });

  it('ends with the same bytes where it is killed and resumed', async () => {
    const request = ['run', '--dataset', 'none', ...SMALL, '--method', 'data-free'];
    const whole = await inProcess([...request, '--name', 'whole', '--json'], place.path);
    expect(whole.code).toBe(0);
    const killed = await ancCli([...request, '--name', 'killed'], {
      cwd: place.path,
      interrupt: { after: 'data-free (2 of 2)  epoch 2/6', signal: 'SIGKILL' },
    });
    expect(killed.signal).toBe('SIGKILL');
    const rest = await inProcess(['run', '--resume', join('runs', 'killed'), '--json'], place.path);
    expect(rest.code).toBe(0);
    const weights = (name: string): Promise<Buffer> =>
      readFile(join(place.path, 'runs', name, 'student', 'data-free', 'weights.safetensors'));
    expect(await weights('killed')).toEqual(await weights('whole'));
  });
});
