import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, encodeWeightsMetadata } from '@anc/formats';
import { RunFolder } from '@anc/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import { asTensors } from '../files/weights.js';
import { planRun, type Plan } from '../planning/plan.js';
import { COMPACT, writeCompact } from './compact.js';
import { weightsMetadata } from './model-card.js';

let plan: Plan;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-compact-'));
  plan = await planRun({
    ...resolveFlat({ ...tinyOptions, methods: ['l2', 'l2(quantize=ttq)', 'l2(quantize=xnor)'] }),
    composition: tinyComposition(),
    openTeacher: cornerTeacher().open,
  });
});
afterAll(async () => {
  await plan.dispose();
  await rm(root, { recursive: true, force: true });
});

/** Writes the compact form of a student that was not trained. */
async function written(index: number) {
  const model = plan.students[index]!;
  const folder = await RunFolder.create(join(root, model.name), '');
  const variables = model.stages[0]!.student(model.stages[0]!.init(model.rng.split('stage', 0), null));
  const where = { backend: plan.backends.student, input: plan.data.dataset.shape };
  const metadata = weightsMetadata(plan, model);
  const recorded = encodeWeightsMetadata(metadata);
  const size = await writeCompact(folder, ['student', 'x'], model.network, variables, metadata, where);
  return { folder, variables, recorded, size };
}

describe('writeCompact', () => {
  it('writes nothing for a network of plain weights', async () => {
    const { folder, size } = await written(0);
    expect(size).toBeNull();
    expect(await readdir(folder.path)).not.toContain('student');
  });

  it('writes codes and levels of few-valued weights, for the plain model', async () => {
    const { folder, variables, recorded, size } = await written(1);
    const bytes = await readFile(join(folder.path, 'student', 'x', COMPACT));
    expect(size).toBe(bytes.length);
    const compact = decodeSafetensors(bytes);
    const { methodOptions, ...rest } = recorded;
    expect(methodOptions).toBe('{"quantize":"ttq"}');
    expect(compact.metadata).toEqual({ ...rest, compact: expect.stringMatching(/^ttq/) as string });
    // Two bits a weight, in the layers that are quantized.
    expect(encodeSafetensors(compact.tensors).length).toBeLessThan(
      encodeSafetensors(asTensors(variables)).length,
    );
  });

  it('records the method where its inputs are binary, too: the plain model would compute something else', async () => {
    const { folder, recorded } = await written(2);
    const bytes = await readFile(join(folder.path, 'student', 'x', COMPACT));
    expect(decodeSafetensors(bytes).metadata).toMatchObject({ methodOptions: recorded.methodOptions });
    expect(recorded.methodOptions).toBe('{"quantize":"xnor"}');
  });
});
