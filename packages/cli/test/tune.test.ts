import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { TuneResult } from '@anc/pipeline';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 240_000 });

const require = createRequire(import.meta.url);
const built = (name: string): string =>
  JSON.stringify(
    pathToFileURL(require.resolve(`${name}/package.json`).replace('package.json', 'dist/index.js')).href,
  );

/** A dataset whose test images must not be asked for. */
const sealed = `
import { definePlugin } from ${built('@anc/core')};
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const images = {
  count: 160, shape: [8, 8, 1], fingerprint: 'sealed',
  read: (indices, out) => indices.forEach((index, i) => out.fill(20 * (index % 4) + index, i * 64, i * 64 + 64)),
};
const labels = async () => Int32Array.from({ length: 160 }, (_, i) => i % 4);
export default definePlugin({
  name: 'sealed', apiVersion: 1,
  datasets: { sealed: { options, create: () => ({
    name: 'sealed', classes: ['a', 'b', 'c', 'd'], shape: [8, 8, 1],
    split: async (name) => {
      if (name === 'test') throw new Error('the test images were asked for');
      return { images, labels };
    },
  }) } },
});`;

const tiny = [
  ['--plugins', './sealed.mjs'],
  ['--dataset', 'sealed'],
  ['--batch-size', '16'],
  ['--epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--validation', '0.2'],
].flat();

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
  await writeFile(join(place.path, 'sealed.mjs'), sealed);
});
afterAll(() => place.remove());

/** Everything but the folder's name and the clock. */
const comparable = ({ methods, teacherError }: TuneResult) => ({
  teacherError,
  methods: methods.map(({ name, tries, confirmed, differences }) => ({
    name,
    tries: tries.map(({ setting, agreement, error, seed }) => ({ setting, agreement, error, seed })),
    confirmed,
    differences,
  })),
});

describe('anc-cli tune', () => {
  const search = [
    ['--learning-rates', '0.01,0.002'],
    ['--temperatures', '4,2'],
    ['--budget', '4'],
    ['--confirm', '2'],
    ['--json'],
  ].flat();

  it('gives every method the same tries, opens no test image, continues where it was stopped', async () => {
    const args = ['tune', ...tiny, ...search, '--methods', 'supervised,kd,adversarial'];
    const whole = await inProcess([...args, '--name', 'whole'], place.path);
    expect(whole.stderr).not.toMatch(/error:/);
    expect(whole.code).toBe(0);
    const result = JSON.parse(whole.stdout) as TuneResult;
    expect(await readdir(join(place.path, 'runs', 'whole', 'run', 'checkpoints'))).toEqual([]);
    expect(result).toMatchObject({ confirmationSeeds: [2, 3], trainingImages: 128, heldOutImages: 32 });
    expect(result.methods.map(({ tries }) => tries.length)).toEqual([4, 4, 4]);
    expect(result.methods.map(({ by }) => by)).toEqual(['error', 'agreement', 'agreement']);
    const [supervised, kd, adversarial] = result.methods;
    expect(supervised!.tries.map(({ setting }) => setting.temperature)).toEqual(Array(4).fill(undefined));
    expect(kd!.tries.slice(0, 3).map(({ setting }) => setting.temperature)).toEqual([4, 4, 2]);
    expect(adversarial!.differences.map(({ to }) => to)).toEqual(['kd']);
    const best = Math.max(...kd!.tries.map(({ agreement }) => agreement!));
    expect(kd!.best!.agreement).toBe(best);

    const found = parse(await readFile(join(place.path, 'runs', 'whole', 'tuned.yaml'), 'utf8')) as {
      methods: { name: string; optimizer: { learningRate: number }; temperature?: number }[];
    };
    expect(found).toMatchObject({ preset: 'quick', dataset: 'sealed', epochs: 1 });
    expect(found).not.toHaveProperty('validation');
    expect(found.methods[1]).toMatchObject({
      name: 'kd',
      optimizer: { learningRate: kd!.best!.setting.learningRate },
      temperature: kd!.best!.setting.temperature,
    });

    const stopped = await inProcess([...args, '--name', 'stopped'], place.path, 'kd, trial 2 of 4');
    expect(stopped.code).toBe(130);
    const again = await inProcess(['tune', '--resume', join('runs', 'stopped'), '--json'], place.path);
    expect(again.code).toBe(0);
    expect(comparable(JSON.parse(again.stdout) as TuneResult)).toEqual(comparable(result));
  });

  it('counts a rate at which training diverges as a try that failed', async () => {
    const args = ['tune', ...tiny, '--methods', 'l2', '--optimizer', 'sgd', '--teacher-optimizer', 'adam'];
    const rates = ['--learning-rates', '0.001,1e30', '--name', 'diverged', '--json'];
    const { code, stdout } = await inProcess([...args, ...rates], place.path);
    expect(code).toBe(0);
    const { methods } = JSON.parse(stdout) as TuneResult;
    expect(methods[0]!.tries[1]).toMatchObject({ agreement: null, error: null });
    expect(methods[0]!.best!.setting.learningRate).toBe(0.001);
  });

  it.each([
    [['--validation', '0'], /--validation: there are no held-out images to evaluate trials on/],
    [['--learning-rates', '0.1,much'], /--learning-rates: expected numbers above zero/],
    [['--learning-rates', '1,2,3', '--budget', '2'], /--budget: there are more learning rates than tries/],
    [['--confirm', 'all'], /--confirm: expected a whole number from 0 to 1000/],
    [['--methods', 'kd(recipe={learningRate: 1})'], /method "kd\(.*\)" has nothing to tune/],
    [['--limit-test', '5'], /unknown option '--limit-test'/],
    [['--methods', 'l3'], /no method named "l3"/],
    [['--resume', 'nowhere'], /"nowhere"|not the folder of a tuning/],
    [['--resume', 'nowhere', '--budget', '3'], /--budget: a tuning is resumed with its own search/],
  ])('refuses %j with one clear error', async (args, message) => {
    const before = await place.files();
    const { code, stderr, stdout } = await inProcess(['tune', ...args], place.path);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(await place.files()).toEqual(before);
  });
});
