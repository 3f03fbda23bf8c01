import { describe, expect, it } from 'vitest';
import { ProgressPrinter } from './progress.js';
import { createTerminal } from './terminal.js';

function progressOn(isTTY: boolean, quiet = false) {
  const written: string[] = [];
  const stderr = { isTTY, columns: 60, write: (text: string) => (written.push(text), true) };
  const stdout = { isTTY, columns: 60, write: () => expect.fail('stdout is for results') };
  return { written, progress: new ProgressPrinter(createTerminal(true, { stdout, stderr }), quiet) };
}

const clock = (step: number) => ({ epoch: Math.floor(step / 10), epochs: 2, step, stepsPerEpoch: 10 });
const alarm = { code: 'discriminator-won', message: 'It has won.', advice: 'Try less.' } as const;

function play(progress: ProgressPrinter): void {
  progress.begin('l2', { index: 2, count: 5 });
  for (let step = 1; step <= 10; step++) progress.step(clock(step), 32);
  progress.metrics({ 'loss/data': 0.5, agreement: 0.25 });
  progress.epoch({ ...clock(10), epoch: 0 }, { 'loss/data': 0.5, agreement: 0.25 }, [alarm]);
  progress.epoch({ ...clock(20), epoch: 1 }, { 'loss/data': 0.4, agreement: 0.5 }, [alarm]);
  progress.end('l2: done');
  progress.close();
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

  it('shows what the student minimises as its loss, and a single term of it once', () => {
    const { written, progress } = progressOn(false);
    progress.begin('l2', { index: 2, count: 5 });
    progress.epoch({ ...clock(10), epoch: 0 }, { 'loss/labels': 0.9521, 'loss/student': 0.9521 }, []);
    progress.epoch({ ...clock(20), epoch: 1 }, { 'loss/data': 0.5, 'loss/student': 1 }, []);
    const game = { 'loss/data': 1, 'loss/adversarial': 2, 'loss/student': 3, 'loss/discriminator': 4 };
    progress.epoch({ ...clock(20), epoch: 1 }, game, []);
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
});
