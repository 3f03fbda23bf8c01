/**
 * Classifiers as other programs save them give the same logits here as in Python's ONNX Runtime, on the same pixels:
 * ONNX models of all opsets and forms, weights of PyTorch, Keras and TensorFlow.js, whose network Python computes from a
 * graph of its own. Pictures are decoded as Pillow decodes them. Prints a row per file; a difference above its row's
 * limit fails the stage. Python's part is in the folder `teachers`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from '@anc/datasets';
import { importWeights, openClassifier } from '@anc/pipeline';
import { pythonWith } from '../ci/python.mjs';

const folder = mkdtempSync(join(tmpdir(), 'anc-teachers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, [
  'numpy==2.2.6',
  'onnx==1.19.1',
  'onnxruntime==1.23.2',
  'h5py==3.14.0',
  'pillow==11.3.0',
]);

/** What a script of the folder `teachers` prints; it writes its files to a folder of its own. */
function made(script) {
  const into = join(folder, script);
  mkdirSync(into);
  const source = readFileSync(new URL(`teachers/${script}.py`, import.meta.url), 'utf8');
  return JSON.parse(python(source, [into]).trim().split('\n').at(-1));
}

/** Pixels of `count` images, as the scripts compute them. */
const pixels = (length) => Uint8Array.from({ length }, (_, i) => (i * 7919) % 256);

/** The largest difference between the logits of a file here and there, as a fraction of the largest logit. */
async function logitsDiffer({ file, stateDict, model, input, preprocessing, logits }) {
  const said = {
    ...(model === undefined ? {} : { model }),
    ...(input === null ? {} : { input }),
    ...(preprocessing === null ? {} : { preprocessing }),
  };
  let path = file;
  if (stateDict !== undefined) {
    path = `${file}.${stateDict}.safetensors`;
    await importWeights(file, { to: path, stateDict, ...said });
  }
  const classifier = await openClassifier(path, said);
  try {
    const images = pixels(4 * classifier.input.reduce((a, b) => a * b));
    const found = await classifier.predict({ shape: [4, ...classifier.input], data: images });
    return relative(found.logits.data, logits);
  } finally {
    await classifier.dispose();
  }
}

function relative(found, wanted) {
  if (found.length !== wanted.length) return Infinity;
  const scale = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(found[i] - value))) / scale;
}

/** The largest difference of a picture's bytes here and in Pillow, of 255. */
async function picturesDiffer({ file, shape, bytes }) {
  const found = await decodeImage(file, shape, null);
  if (found.length !== bytes.length) return Infinity;
  return Math.max(...bytes.map((value, i) => Math.abs(found[i] - value)));
}

let failed = 0;
let rows = 0;

function print(what, difference, limit, show) {
  const passed = difference <= limit;
  if (!passed) failed++;
  rows++;
  console.log(`${passed ? '  ' : '✗ '}${what.padEnd(52)} ${show(difference).padStart(9)}  of ${show(limit)}`);
}

async function compare(title, script, differ, show) {
  const { rows, skipped } = made(script);
  console.log(`\n${title}`);
  for (const row of rows) {
    let difference = Infinity;
    try {
      difference = await differ(row);
    } catch (error) {
      console.log(`  ${row.what}: ${error.message} ${JSON.stringify(error.detail ?? {})}`);
    }
    print(row.what, difference, row.limit, show);
  }
  for (const text of skipped) console.log(`  not compared: ${text}`);
}

const fraction = (value) => value.toExponential(1);
const levels = (value) => String(value);
await compare('ONNX models: difference of the logits, of the largest', 'onnx_models', logitsDiffer, fraction);
await compare('PyTorch and safetensors', 'torch_files', logitsDiffer, fraction);
await compare('Keras and TensorFlow.js', 'keras_files', logitsDiffer, fraction);
await compare('pictures: difference of the bytes, of 255', 'pictures', picturesDiffer, levels);
console.log(`\n${rows - failed} of ${rows} files as in Python`);
process.exitCode = failed === 0 ? 0 : 1;
