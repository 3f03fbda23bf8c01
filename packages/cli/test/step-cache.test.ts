import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ancCli, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = await workplace();
  vi.stubEnv('ANC_CACHE_DIR', join(place.path, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await place.remove();
});

const flags = [
  ['--limit-train', '64'],
  ['--limit-test', '32'],
  ['--batch-size', '32'],
  ['--epochs', '1'],
  ['--teacher-epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--methods', 'adversarial'],
].flat();

/** The weights that a process of its own trains. */
async function trained(name: string): Promise<Buffer[]> {
  const { code, stderr } = await ancCli(['run', ...flags, '--name', name, '--json'], { cwd: place.path });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const models = ['teacher', join('student', 'adversarial')];
  return Promise.all(
    models.map((model) => readFile(join(place.path, 'runs', name, model, 'weights.safetensors'))),
  );
}

const kept = async (): Promise<string[]> =>
  (await readdir(join(place.path, 'cache', 'steps')).catch(() => [])).sort();

it('trains the same weights with steps that it traced, and with those that an earlier start kept', async () => {
  vi.stubEnv('ANC_STEP_CACHE', 'off');
  const without = await trained('without');
  expect(await kept()).toEqual([]);
  vi.stubEnv('ANC_STEP_CACHE', undefined);
  expect(await trained('first')).toEqual(without);
  const files = await kept();
  expect(files).toHaveLength(2); // teacher and student
  expect(await trained('second')).toEqual(without);
  expect(await kept()).toEqual(files);
});
