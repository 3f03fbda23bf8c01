import { describe, expect, it } from 'vitest';
import type { Alarm } from '@anc/core';
import { ProgressPrinter } from './progress.js';
import { createTerminal } from './terminal.js';

function progressOn(isTTY: boolean, quiet = false) {
  const written: string[] = [];
  const stderr = { isTTY, columns: 60, write: (text: string) => (written.push(text), true) };
  const stdout = { isTTY, columns: 60, write: () => expect.fail('stdout is for results') };
  return { written, progress: new ProgressPrinter(createTerminal(true, { stdout, stderr }), quiet) };
}

const at = (step: number) => ({ epoch: Math.floor(step / 10), epochs: 2, step, stepsPerEpoch: 10 });
const alarm = { code: 'discriminator-won', message: 'It has won.', advice: 'Try less.' } as const;

const stage = { name: 'l2', index: 1, count: 1 };
const shared = { model: 'l2', stage } as const;
/** An epoch's event, without diagnostics. */
const epoch = (
  progress: ReturnType<typeof at>,
  metrics: Record<string, number>,
  alarms: readonly Alarm[] = [],
) => ({ type: 'epoch', ...shared, progress, metrics, alarms, diagnostics: null }) as const;
const begin = { type: 'model', model: 'l2', role: 'student', index: 2, count: 5 } as const;

function play(printer: ProgressPrinter): void {
  printer.show(begin);
  for (let step = 1; step <= 10; step++) {
    printer.show({ type: 'step', ...shared, progress: at(step), batchSize: 32 });
  }
  printer.show({ type: 'metrics', model: 'l2', metrics: { 'loss/data': 0.5, agreement: 0.25 } });
  printer.show(epoch({ ...at(10), epoch: 0 }, { 'loss/data': 0.5, agreement: 0.25 }, [alarm]));
  printer.show(epoch({ ...at(20), epoch: 1 }, { 'loss/data': 0.4, agreement: 0.5 }, [alarm]));
  printer.line('l2: done');
  printer.close();
}

describe('Progress', () => {
  it('writes plain lines where there is no terminal, and warns of the same thing once', () => {
    const { written, progress } = progressOn(false);
    play(progress);
    const text = written.join('');
    expect(text).not.toContain('\r');
    expect(text).toContain('l2 (2 of 5)  epoch 1/2 done  data 0.500  agreement 25.00 %\n');
    expect(text.match(/It has won\. Try less\./g)).toHaveLength(1);
    expect(text).toContain('l2: done\n');
  });

  it('writes over one line on a terminal, never wider than it', () => {
    const { written, progress } = progressOn(true);
    play(progress);
    const live = written.filter(
      (text) => text.startsWith('\r\u001b[2K') && !text.endsWith('\n') && text.length > 5,
    );
    expect(live.length).toBeGreaterThan(0);
    for (const text of live) expect(text.length - '\r\u001b[2K'.length).toBeLessThan(60);
    expect(written.at(-1)).toBe('\r\u001b[2K');
  });

  it('shows what the student minimizes as its loss, and a single term of it once', () => {
    const { written, progress } = progressOn(false);
    progress.show(begin);
    progress.show(epoch({ ...at(10), epoch: 0 }, { 'loss/labels': 0.9521, 'loss/student': 0.9521 }));
    progress.show(epoch({ ...at(20), epoch: 1 }, { 'loss/data': 0.5, 'loss/student': 1 }));
    const game = { 'loss/data': 1, 'loss/adversarial': 2, 'loss/student': 3, 'loss/discriminator': 4 };
    progress.show(epoch({ ...at(20), epoch: 1 }, game));
    expect(written.slice(1).map((text) => text.split('done  ')[1])).toEqual([
      'loss 0.952\n',
      'data 0.500  loss 1.00\n',
      'data 1.00  adversarial 2.00  loss 3.00  discriminator 4.00\n',
    ]);
  });

  it('is quiet when asked to be, but for warnings', () => {
    const { written, progress } = progressOn(true, true);
    play(progress);
    expect(written.filter((text) => !text.includes('It has won'))).toEqual([]);
  });

  it('shows the states of several jobs in one line, and their lines above it', () => {
    const { written, progress } = progressOn(true);
    for (const worker of [0, 1]) {
      const scope = `seed ${worker}`;
      progress.show({ ...begin, scope, worker });
      progress.show({ type: 'step', ...shared, progress: at(1), batchSize: 32, scope, worker });
    }
    const drawn = written.at(-1)!.replace(/^\r.*?K/, '');
    expect(drawn).toMatch(/seed 0, l2 .* \| seed 1, l2 /);
    expect(drawn.length).toBeLessThan(60);
    progress.show({ ...epoch({ ...at(10), epoch: 0 }, {}), scope: 'seed 1', worker: 1 });
    expect(written.at(-2)).toMatch(/seed 1, l2 \(2 of 5\) {2}epoch 1\/2 done/);
    expect(written.at(-1)).toContain('seed 0, l2');
  });
});
