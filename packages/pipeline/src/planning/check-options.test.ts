import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { resolveRequest } from 'anc-cli';
import { planRun } from './plan.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-request-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const composition = compose(await builtinPlugins());

/** What planning says of a request that cannot be met. */
async function refusal(flags: Record<string, unknown>, file?: string) {
  if (file !== undefined) await writeFile(join(cwd, 'anc.config.yaml'), file);
  const { config, place } = await resolveRequest(flags, cwd);
  const plan = await planRun(config, composition, place).catch((error: unknown) => error);
  return plan as { code: string; message: string; detail: { hint?: string } };
}

describe('planning', () => {
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
  ])('says where in the file a mistake stands: %s', async (file, code, message, meant) => {
    const error = await refusal({}, file);
    expect(error).toMatchObject({ code, detail: { hint: `did you mean "${meant}"?` } });
    expect(error.message.startsWith(`anc.config.yaml:${message}`)).toBe(true);
  });

  it('says nothing of the file where a flag is wrong', async () => {
    const { message } = await refusal({ dataset: 'glyps' }, 'dataset: glyphs\n');
    expect(message).toBe('no dataset named "glyps".');
  });

  it('refuses a game that would never begin', async () => {
    const error = await refusal({ start: 3, epochs: 3 });
    expect(error).toMatchObject({ code: 'ANC_CONFIG' });
    expect(error.message).toMatch(/^--start: .*"adversarial" would never begin/);
    expect(await refusal({ methods: ['adversarial(start=9)'], epochs: 9 })).toMatchObject({
      code: 'ANC_CONFIG',
    });
  });

  it('refuses a step schedule without steps', async () => {
    const error = await refusal({ schedule: 'step' });
    expect(error).toMatchObject({ code: 'ANC_CONFIG' });
    expect(error.detail.hint).toMatch(/--milestones/);
  });
});
