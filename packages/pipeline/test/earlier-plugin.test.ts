import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { distill } from '../src/index.js';

/** A plugin as version 0.6 documented it: `recipeSchema`, `ImitationMethod`, an option named `recipe`. */
const PLUGIN = `
import { definePlugin, PLUGIN_API_VERSION, recipeSchema } from '@anc/core';
import { ImitationMethod } from '@anc/methods';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const distance = {
  name: 'absolute',
  id: 'absolute',
  teacherOutputs: ['logits'],
  usesLabels: false,
  loss: ({ outputs, batch }) => tf.mean(tf.abs(tf.sub(outputs.logits, batch['teacher/logits']))),
};

export default definePlugin({
  name: 'anc-plugin-earlier',
  apiVersion: PLUGIN_API_VERSION,
  methods: {
    earlier: {
      options: z.strictObject({ recipe: recipeSchema.prefault({}), lambda: z.number().default(1) }),
      create: ({ recipe, lambda }) =>
        new ImitationMethod({ name: 'earlier', recipe, terms: [{ term: distance, weight: lambda }] }),
    },
  },
});
`;

it('a plugin written for the names of an earlier version trains with the options of the run', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'anc-earlier-plugin-'));
  const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
  await symlink(modules, join(cwd, 'node_modules'));
  await writeFile(join(cwd, 'earlier.mjs'), PLUGIN);
  const trained = async (learningRate: number) => {
    const run = distill({
      images: 'glyphs',
      teacher: 'cnn(widths=[2,2], features=8)',
      student: 'cnn(widths=[2,2], features=8)',
      method: 'earlier',
      plugins: ['./earlier.mjs'],
      data: { limitTrain: 64, limitTest: 32 },
      training: { epochs: 1, batchSize: 32, learningRate },
      folder: null,
      cwd,
    });
    const { student, dispose } = await run;
    const { logits } = await student.predict({ shape: [1, 28, 28, 1], data: new Uint8Array(784).fill(90) });
    await dispose();
    return [...logits.data];
  };
  const [slow, fast] = [await trained(1e-6), await trained(0.05)];
  expect(slow).not.toEqual(fast);
  await rm(cwd, { recursive: true, force: true });
}, 120_000);
