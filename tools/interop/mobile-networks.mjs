/**
 * Mobile networks of torchvision and timm are ours: their checkpoints are recognized, the parameters are as many, and the
 * logits of the same pixels those of PyTorch; of some also in WebAssembly and in the exported ONNX model. Prints a row per network; a
 * difference above the limit fails the stage.
 *
 *   node tools/interop/mobile-networks.mjs
 *
 * ANC_PYTHON: an interpreter that has the packages.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportModel, openClassifier } from '@anc/pipeline';
import { pythonWith } from '../ci/python.mjs';

/** Of the largest logit. */
const LIMIT = 1e-5;
const COUNT = 4;

const folder = mkdtempSync(join(tmpdir(), 'anc-mobile-networks-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, ['numpy==2.2.6', 'torch==2.9.1', 'torchvision==0.24.1', 'timm==1.0.22']);
python(readFileSync(new URL('mobile-networks-reference.py', import.meta.url), 'utf8'), [folder]);
const rows = JSON.parse(readFileSync(join(folder, 'rows.json'), 'utf8'));

/** The largest difference, as a fraction of the largest logit. */
function relative(found, wanted) {
  if (found.length !== wanted.length) return Infinity;
  let [most, scale] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    most = Math.max(most, Math.abs(found[i] - value));
    scale = Math.max(scale, Math.abs(value));
  }
  return Number.isNaN(most) ? Infinity : most / scale;
}

let failed = 0;
for (const { what, file, model, options, side, others, parameters, logits } of rows) {
  const start = performance.now();
  const input = [side, side, 3];
  const images = {
    shape: [COUNT, ...input],
    data: Uint8Array.from({ length: COUNT * side * side * 3 }, (_, i) => (i * 7919) % 256),
  };
  const reading = {
    input,
    preprocessing: 'unit',
    ...(options !== null && { model: { name: model, options } }),
  };
  let line = what.padEnd(28);
  let passed = true;
  const predicted = async (title, path, how) => {
    const classifier = await openClassifier(path, how);
    try {
      const { logits: found } = await classifier.predict(images);
      const difference = relative(found.data, logits);
      passed &&= difference <= LIMIT && (title === 'exported' || classifier.parameters === parameters);
      line += `${title} ${difference.toExponential(1)}  `;
    } finally {
      await classifier.dispose();
    }
  };
  try {
    await predicted('onnx', file, reading);
    if (others.includes('tfjs:wasm'))
      await predicted('tfjs:wasm', file, { ...reading, backend: 'tfjs:wasm' });
    if (others.includes('exported')) {
      const to = `${file}.onnx`;
      await exportModel(file, { ...reading, to, format: 'onnx' });
      await predicted('exported', to, { preprocessing: 'unit' });
    }
  } catch (error) {
    passed = false;
    line += `${error.stack} ${JSON.stringify(error.detail ?? {})}`;
  }
  if (!passed) failed++;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${line.padEnd(82)}${parameters} parameters, ${seconds} s${passed ? '' : '  ✗'}`);
}
console.log(`${rows.length - failed} of ${rows.length} networks as in PyTorch`);
process.exitCode = failed === 0 ? 0 : 1;
