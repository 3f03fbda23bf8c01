import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AncError } from '@anc/core';
import { planRun } from '@anc/pipeline/internal';
import { loadComposition } from '@anc/pipeline/plugins';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flagOf, fromFlags, located, locating } from './locate.js';
import { readRequest } from './read-request.js';
import { resolveRequest } from './resolve-request.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-locate-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const composition = await loadComposition([], '/');

/** The error of planning a request that cannot be met, as the program reports it. */
async function refusal(flags: Record<string, unknown>, file?: string) {
  if (file !== undefined) await writeFile(join(cwd, 'anc.config.yaml'), file);
  const request = await readRequest(flags, cwd);
  const planning = () => planRun({ ...resolveRequest(request), composition });
  const error: unknown = await locating(request.origins, planning).catch((thrown: unknown) => thrown);
  return error as { code: string; message: string; detail: { hint?: string } };
}

describe('an error about an option', () => {
  it.each([
    ['dataset: glyps\n', 'ANC_UNKNOWN', '1:10: "dataset": no dataset named "glyps".', 'glyphs'],
    [
      'seed: 1\ndiscriminator: { name: mlp, unitss: [3] }\n',
      'ANC_OPTIONS',
      '2:29: "discriminator.unitss": discriminator "mlp" has no option "unitss".',
      'units',
    ],
    [
      'methods:\n  - l2\n  - { name: kd, temprature: 2 }\n',
      'ANC_OPTIONS',
      '3:17: "methods.1.temprature": method "kd" has no option "temprature".',
      'temperature',
    ],
    [
      'student: cnn(wdths=[4])\n',
      'ANC_OPTIONS',
      '1:10: "student.wdths": model "cnn" has no option "wdths".',
      'widths',
    ],
    ['backend: { name: onnx, thread: 2 }\n', 'ANC_OPTIONS', '1:24: "backend.thread": ', 'threads'],
  ])('says where in the file it stands: %s', async (file, code, message, meant) => {
    const error = await refusal({}, file);
    expect(error).toMatchObject({ code, detail: { hint: `did you mean "${meant}"?` } });
    expect(error.message.startsWith(`anc.config.yaml:${message}`)).toBe(true);
  });

  it('does not mention the file where a flag is wrong', async () => {
    const { message } = await refusal({ dataset: 'glyps' }, 'dataset: glyphs\n');
    expect(message).toBe('no dataset named "glyps".');
  });

  it('names the flag of a value that does not suit the others', async () => {
    expect((await refusal({ start: 3, epochs: 3 })).message).toMatch(/^--start: .*would never start/);
    expect((await refusal({ schedule: 'step' })).message).toMatch(/^--schedule: there are no milestones/);
  });

  it('leaves other errors alone', () => {
    const other = new AncError('ANC_DATA_MISSING', 'no.');
    expect(located(other, fromFlags)).toBe(other);
    expect(located('text', fromFlags)).toBe('text');
  });
});

it.each([
  [['training', 'learningRate'], '--learning-rate'],
  [['cache', 'memoryMb'], '--teacher-cache-mb'],
  [['seeds'], '--seeds'],
])('the flag of %j is %s', (path, flag) => {
  expect(flagOf(path)).toBe(flag);
});
