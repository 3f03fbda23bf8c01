import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CompareResult } from '@anc/pipeline';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

const tiny = [
  ['--limit-train', '128'],
  ['--limit-test', '60'],
  ['--batch-size', '32'],
  ['--epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--methods', 'l2,adversarial'],
].flat();

vi.setConfig({ testTimeout: 240_000 });

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

const weights = (...parts: string[]): Promise<Buffer> =>
  readFile(join(place.path, 'runs', ...parts, 'weights.safetensors'));

describe('anc-cli compare', () => {
  it('shares one teacher among seeds, continues where it was stopped, and ends the same', async () => {
    const args = ['compare', ...tiny, '--seed', '4', '--seeds', '2', '--json'];
    const whole = await inProcess([...args, '--name', 'whole'], place.path);
    expect(whole.code).toBe(0);
    const result = JSON.parse(whole.stdout) as CompareResult;
    expect(result).toMatchObject({ compare: join('runs', 'whole'), seeds: [4, 5], testImages: 60 });
    expect(result.methods.map(({ name }) => name)).toEqual(['l2', 'adversarial']);
    expect(result.methods[1]!.differences[0]!.difference.values).toHaveLength(2);
    expect(result.methods[0]!.bytes).toBe((await weights('whole', 'seed-4', 'student', 'l2')).byteLength);
    expect(await weights('whole', 'seed-5', 'teacher')).toEqual(await weights('whole', 'seed-4', 'teacher'));
    expect(await weights('whole', 'seed-5', 'student', 'l2')).not.toEqual(
      await weights('whole', 'seed-4', 'student', 'l2'),
    );
    expect(await readFile(join(place.path, 'runs', 'whole', 'report.html'), 'utf8')).toContain('minus l2');

    const stopped = await inProcess([...args, '--name', 'stopped'], place.path, 'seed 5 (2 of 2), l2');
    expect(stopped.code).toBe(130);
    const again = await inProcess(['compare', '--resume', join('runs', 'stopped'), '--json'], place.path);
    expect(again.code).toBe(0);
    const rest = JSON.parse(again.stdout) as CompareResult;
    expect(rest.methods.map(({ testError }) => testError)).toEqual(
      result.methods.map(({ testError }) => testError),
    );
    expect(await weights('stopped', 'seed-5', 'student', 'adversarial')).toEqual(
      await weights('whole', 'seed-5', 'student', 'adversarial'),
    );
  });

  it('gets more seeds when it is resumed, and fewer, and trains only what is missing', async () => {
    const args = ['compare', ...tiny, '--seed', '4', '--name', 'grown', '--json'];
    const resumed = async (...more: readonly string[]) => {
      const { code, stdout, stderr } = await inProcess(
        ['compare', '--resume', join('runs', 'grown'), '--json', ...more],
        place.path,
      );
      expect(code).toBe(0);
      return { result: JSON.parse(stdout) as CompareResult, stderr };
    };
    expect((await inProcess([...args, '--seeds', '1'], place.path)).code).toBe(0);
    const whole = await resumed('--seeds', '2');
    expect(whole.stderr).toContain('seed 4 (1 of 2), adversarial: finished before');
    const together = await inProcess(
      ['compare', ...tiny, '--seed', '4', '--seeds', '2', '--name', 'together', '--json'],
      place.path,
    );
    const { methods } = JSON.parse(together.stdout) as CompareResult;
    const errorsOf = (compared: CompareResult['methods']) =>
      compared.map(({ testError, differences }) => [testError, differences.map((one) => one.difference)]);
    expect(whole.result.seeds).toEqual([4, 5]);
    expect(errorsOf(whole.result.methods)).toEqual(errorsOf(methods));
    const fewer = await resumed('--seeds', '1');
    expect(fewer.result.seeds).toEqual([4]);
    expect(fewer.stderr).not.toContain('trained in');
    const again = await resumed('--seeds', '2');
    expect(again.result.methods).toEqual(whole.result.methods);
    expect(again.stderr).not.toContain('trained in');
    expect((await resumed()).result).toEqual(again.result);
  });

  it.each([
    [['--seeds', '0'], /--seeds: expected a whole number of at least 1/],
    [['--seeds', '100000000'], /--seeds: expected a whole number from 1 to 1000/],
    [['--seeds', 'five'], /--seeds: expected a whole number/],
    [['--resume', 'nowhere'], /"nowhere" is not the folder of a comparison|not the folder/],
    [['--resume', 'nowhere', '--seeds', '3'], /nowhere" is not the folder of a comparison/],
    [['--resume', 'nowhere', '--seeds', '0'], /--seeds: expected a whole number of at least 1/],
    [['--methods', 'l2,adverserial'], /no method named "adverserial"/],
  ])('refuses %j with one clear error', async (args, message) => {
    const { code, stderr, stdout } = await inProcess(['compare', ...args], place.path);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });
});
