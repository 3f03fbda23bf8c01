/** Objectives as the engine computes them, compiled to ONNX: what a reference in Python is compared with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxBackend } from '@anc/backend-onnx';
import { mapTree, prefixTree, Rng, specOf, valueAndGradients } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A case: what the reference is called with, its inputs, the names of those to differentiate at, and the scalar.
 *
 * @typedef {{
 *   name: string,
 *   call: unknown[],
 *   inputs: Record<string, import('@anc/core').HostTensor>,
 *   trained: string[],
 *   compute: (x: Record<string, tf.Tensor>) => tf.Scalar,
 * }} Case
 */

/** Normal numbers of a name: the same in every run. */
export const normal = (name, shape, scale = 1) => {
  const rng = Rng.fromSeed(17).split(name);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => scale * rng.normal()) };
};

/** A name with its options. */
export const text = (name, options) =>
  Object.keys(options).length === 0 ? name : `${name} ${JSON.stringify(options)}`;

/** A temporary folder that ends with this process. */
export function temporaryFolder(prefix) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Inputs, values and gradients of every case in one file of safetensors, `<i>/in/<name>`, `<i>/out/value` and
 * `<i>/out/gradient/<name>`.
 *
 * @param {Case[]} cases
 */
async function record(cases, path) {
  const backend = await OnnxBackend.create();
  const recorded = {};
  for (const [i, { name, inputs, trained, compute }] of cases.entries()) {
    const compiled = await backend.compileFunction(
      (tensors) => {
        const leaves = Object.fromEntries(trained.map((leaf) => [leaf, tensors[leaf]]));
        const nothing = (own) => tf.mul(0, tf.sum(own[trained[0]]));
        const { loss, grads } = valueAndGradients(
          (own) => ({ loss: tf.add(compute({ ...tensors, ...own }), nothing(own)) }),
          leaves,
        );
        return { value: tf.reshape(loss, []), ...prefixTree('gradient', grads) };
      },
      { id: `objective ${name}`, inputs: mapTree(inputs, specOf) },
    );
    Object.assign(
      recorded,
      prefixTree(`${i}/in`, inputs),
      prefixTree(`${i}/out`, await compiled.run(inputs)),
    );
    await compiled.dispose();
  }
  await backend.dispose();
  writeFileSync(path, encodeSafetensors(recorded));
}

/**
 * Runs a reference on what was recorded; it prints, for every case, max|Δ| / max|x| of the value and each gradient.
 *
 * @param {Case[]} cases
 * @param {{ folder: string, python: (script: string, args: string[]) => string, script: string, limit: number }} how
 * @returns the largest of them. @throws where one is above `limit`
 */
export async function worstDifference(cases, { folder, python, script, limit }) {
  const path = join(folder, 'recorded.safetensors');
  await record(cases, path);
  const calls = cases.map(({ call, trained }) => [...call, trained]);
  const errors = JSON.parse(
    python(script, [path, JSON.stringify(calls)])
      .trim()
      .split('\n')
      .at(-1),
  );
  const apart = cases.flatMap(({ name }, i) =>
    Object.entries(errors[i]).flatMap(([what, error]) =>
      error <= limit ? [] : [`${name}, ${what}: ${error}`],
    ),
  );
  if (apart.length > 0) throw new Error(`max|Δ| / max|x| above ${limit}:\n${apart.join('\n')}`);
  return Math.max(...errors.flatMap((one) => Object.values(one)));
}
