/**
 * ONNX files of torchvision's and timm's classifiers as trainable networks: logits as in Python's ONNX Runtime, and the
 * gradients of a distillation loss by the image and by every weight as in PyTorch, on two backends. Prints a row per
 * network and backend; a difference above the limits fails the stage.
 *
 *   node tools/interop/onnx-networks.mjs [network …]
 *
 * ANC_PYTHON: an interpreter that has the packages. ANC_ONNX_NETWORKS: a folder of files that were made before.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxBackend, readOnnxGraph } from '@anc/backend-onnx';
import { openWasm } from '@anc/backend-tfjs';
import { mapTree, prefixTree, Rng, specOf, subtree } from '@anc/core';
import { permuted } from '@anc/core/internal';
import { decodeSafetensors } from '@anc/formats';
import { networkFromOnnx } from '@anc/models';
import * as tf from '@tensorflow/tfjs-core';
import { pythonWith } from '../ci/python.mjs';

const LOGITS = 1e-5;
const GRADIENTS = 1e-4;
const wanted = process.argv.slice(2);

const folder = process.env.ANC_ONNX_NETWORKS ?? mkdtempSync(join(tmpdir(), 'anc-onnx-networks-'));
let rows;
if (process.env.ANC_ONNX_NETWORKS === undefined) {
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const python = pythonWith(folder, [
    'numpy==2.2.6',
    'torch==2.9.1',
    'torchvision==0.24.1',
    'timm==1.0.22',
    'onnx==1.19.1',
    'onnxruntime==1.23.2',
    'onnxscript==0.5.6',
    'onnx-ir==0.1.12',
    'safetensors==0.6.2',
  ]);
  const script = readFileSync(new URL('onnx-networks-reference.py', import.meta.url), 'utf8');
  rows = JSON.parse(
    python(script, [folder, ...wanted])
      .trim()
      .split('\n')
      .at(-1),
  );
} else rows = wanted.map((name) => ({ name }));

/** Softened cross entropy less the targets' entropy, as in the script. */
function lossOf(logits, targets) {
  const teacher = tf.softmax(tf.div(targets, 4));
  const difference = tf.sub(tf.log(teacher), tf.logSoftmax(tf.div(logits, 4)));
  return tf.mul(16, tf.mean(tf.sum(tf.mul(teacher, difference), 1)));
}

/** Loss, logits and gradients of a network, as one function of its variables and the images. */
const gradientsOf = (network, keys) => (inputs, context) => {
  const [params, stats] = [subtree(inputs, 'params'), subtree(inputs, 'stats')];
  const f = (images, ...weights) => {
    const own = Object.fromEntries(keys.map((key, i) => [key, weights[i]]));
    const { outputs } = network.apply({ params: own, stats }, images, context);
    return lossOf(outputs.logits, inputs.targets);
  };
  const [byImage, ...byWeight] = tf.grads(f)([inputs.images, ...keys.map((key) => params[key])]);
  const named = Object.fromEntries(keys.map((key, i) => [`gradient/${key}`, byWeight[i]]));
  return {
    logits: network.apply({ params, stats }, inputs.images, context).outputs.logits,
    image: byImage,
    ...named,
  };
};

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Largest difference, of the largest number. */
function apart(found, expected) {
  if (found.length !== expected.length) return Infinity;
  let most = 0;
  for (let i = 0; i < found.length; i++) most = Math.max(most, Math.abs(found[i] - expected[i]));
  return most / Math.max(largest(expected), 1e-20);
}

/** The gradient of a weight in PyTorch; null where the exporter folded it into another one. */
function referenceOf({ constant, axes }, key, reference) {
  const own = reference[`gradient/${constant}`];
  if (own !== undefined) return permuted(own.data, own.shape, axes);
  const theirs = reference[`gradient/${key.replaceAll('/', '.').replace(/weights$/, 'weight')}`];
  if (theirs?.shape.length !== 2 || !key.endsWith('/weights')) return null;
  return permuted(theirs.data, theirs.shape, [1, 0]); // exporters transpose the matrices of products
}

let failed = 0;
const backends = { onnx: await OnnxBackend.create(), 'tfjs:wasm': await openWasm() };
for (const { name } of rows) {
  const reference = decodeSafetensors(readFileSync(join(folder, `${name}.safetensors`))).tensors;
  const graph = readOnnxGraph(new Uint8Array(readFileSync(join(folder, `${name}.onnx`))), name);
  const network = networkFromOnnx(graph, { name, logits: graph.outputs[0] });
  const images = reference.images;
  const variables = network.init(Rng.still(), images.shape.slice(1));
  const keys = Object.keys(variables.params);
  for (const [title, backend] of Object.entries(backends)) {
    const start = performance.now();
    const inputs = {
      images,
      targets: reference.targets,
      ...prefixTree('params', variables.params),
      ...prefixTree('stats', variables.stats),
    };
    let line = `${name.padEnd(22)} ${title.padEnd(10)}`;
    try {
      const compiled = await backend.compileFunction(gradientsOf(network, keys), {
        id: JSON.stringify([name, 'gradients']),
        inputs: mapTree(inputs, specOf),
      });
      const found = await compiled.run(inputs);
      await compiled.dispose();
      const logits = apart(found.logits.data, reference.logits.data);
      const image = apart(found.image.data, reference.gradient.data);
      let worst = 0;
      let compared = 0;
      for (const key of keys) {
        const expected = referenceOf(network.sources[key], key, reference);
        if (expected === null) continue;
        compared++;
        const difference = apart(found[`gradient/${key}`].data, expected);
        if (!(difference <= GRADIENTS)) console.log(`  ${key}: ${difference.toExponential(1)}`);
        worst = Math.max(worst, difference);
      }
      const passed = logits <= LOGITS && image <= GRADIENTS && worst <= GRADIENTS;
      if (!passed) failed++;
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      line += ` logits ${logits.toExponential(1)}, image ${image.toExponential(1)}, ${compared} of ${keys.length} weights ${worst.toExponential(1)} ${seconds} s${passed ? '' : '  ✗'}`;
    } catch (error) {
      failed++;
      line += ` ✗ ${error.stack} ${JSON.stringify(error.detail ?? {})}`;
    }
    console.log(line);
  }
}
for (const backend of Object.values(backends)) await backend.dispose();
console.log(failed === 0 ? `${rows.length} networks as in Python` : `${failed} differences above the limits`);
process.exitCode = failed === 0 ? 0 : 1;
