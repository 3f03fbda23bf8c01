import { expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { groupOptions } from '../options/option-table.js';
import { newComparison } from './compare.js';
import { newReproduction } from './reproduce.js';
import type { RunRequest } from './run-input.js';
import { startTuning } from './tune.js';

const cwd = import.meta.dirname;
const request = (flat: object) => ({ ...resolveFlat({ ...flat }), cwd }) as unknown as RunRequest;

it.each([
  [{ time: '30m' }, ['training', 'time']],
  [{ continue: 'runs/x' }, ['student', 'continues']],
])('compare, tune and reproduce refuse %j, wherever it comes from', async (flat, path) => {
  const refusal = (command: string): object =>
    expect.objectContaining({
      code: 'ANC_CONFIG',
      detail: expect.objectContaining({ path, problem: `${command} has no such option.` }) as object,
    }) as object;
  await expect(newComparison(request(flat), 3)).rejects.toEqual(refusal('compare'));
  await expect(startTuning(request(flat), {}, () => undefined)).rejects.toEqual(refusal('tune'));
  const input = groupOptions({ ...flat });
  expect(() => newReproduction('table1', input, { cwd })).toThrow(refusal('reproduce'));
  expect(() => newReproduction('table1', {}, { cwd, base: input })).toThrow(refusal('reproduce'));
});
