import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { planRun } from './plan.js';

const composition = compose(await builtinPlugins());

/** The error of planning options that cannot be met. */
async function refusal(flat: Record<string, unknown>) {
  const error: unknown = await planRun({ ...resolveFlat(flat), composition }).catch(
    (thrown: unknown) => thrown,
  );
  return error as { code: string; message: string; detail: { hint?: string; path?: readonly PropertyKey[] } };
}

describe('planning', () => {
  it.each<[Record<string, unknown>, string, readonly PropertyKey[], string]>([
    [{ dataset: 'glyps' }, 'ANC_UNKNOWN', ['data', 'dataset'], 'glyphs'],
    [
      { discriminator: { name: 'mlp', unitss: [3] } },
      'ANC_OPTIONS',
      ['objective', 'discriminator', 'unitss'],
      'units',
    ],
    [{ methods: ['l2', 'kd(temprature=2)'] }, 'ANC_OPTIONS', ['methods', 1, 'temprature'], 'temperature'],
    [{ student: 'cnn(wdths=[4])' }, 'ANC_OPTIONS', ['student', 'model', 'wdths'], 'widths'],
    [{ backend: { name: 'onnx', thread: 2 } }, 'ANC_OPTIONS', ['compute', 'backend', 'thread'], 'threads'],
  ])('gives the path of the option that is wrong: %j', async (flat, code, path, meant) => {
    expect(await refusal(flat)).toMatchObject({ code, detail: { path, hint: `did you mean "${meant}"?` } });
  });

  it('refuses adversarial training that would never start', async () => {
    const error = await refusal({ start: 3, epochs: 3 });
    expect(error).toMatchObject({ code: 'ANC_CONFIG', detail: { path: ['objective', 'start'] } });
    expect(error.message).toMatch(/^objective\.start: .*"adversarial" would never start/);
    expect(await refusal({ methods: ['adversarial(start=9)'], epochs: 9 })).toMatchObject({
      code: 'ANC_CONFIG',
    });
  });

  it.each([
    [{ maxParameters: '100k', studentWeights: 'w.safetensors' }, 'maxParameters', /weights are of one/],
    [{ maxMs: 2, studentWeights: 'w.safetensors' }, 'maxMs', /weights are of one/],
    [{ maxFlops: '1M', studentWeights: 'w', continue: 'runs/x' }, 'maxFlops', /student of its parent/],
  ] as const)('refuses a budget beside weights: %j', async (flat, key, message) => {
    const error = await refusal(flat);
    expect(error).toMatchObject({ code: 'ANC_CONFIG', detail: { path: ['student', key] } });
    expect(error.message).toMatch(message);
  });

  it('refuses images of another dataset to train a teacher with, and where there are none', async () => {
    const path = ['data', 'transferDataset'];
    const training = await refusal({ transferDataset: 'glyphs' });
    expect(training).toMatchObject({ code: 'ANC_CONFIG', detail: { path } });
    expect(training.message).toMatch(/no label of them is read/);
    expect(await refusal({ transferDataset: 'glyps' })).toMatchObject({
      code: 'ANC_UNKNOWN',
      detail: { path },
    });
    const none = await refusal({ transferDataset: 'none', teacher: './teacher.onnx' });
    expect(none).toMatchObject({ code: 'ANC_CONFIG', detail: { path } });
  });

  it('refuses micro-batches that a batch cannot be cut into', async () => {
    for (const [accumulate, nearest] of [
      [3, 2],
      [100, 64],
      [9, 8],
    ] as const) {
      const error = await refusal({ batchSize: 64, accumulate });
      expect(error).toMatchObject({
        code: 'ANC_CONFIG',
        detail: { path: ['training', 'accumulate'], received: `${accumulate}` },
      });
      expect(error.detail.hint).toMatch(`--accumulate ${nearest},`);
    }
  });

  it('refuses a step schedule without milestones', async () => {
    const error = await refusal({ schedule: 'step' });
    expect(error).toMatchObject({ code: 'ANC_CONFIG', detail: { path: ['training', 'schedule'] } });
    expect(error.detail.hint).toMatch(/--milestones/);
  });
});
