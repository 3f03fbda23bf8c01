/**
 * Networks exported with `anc-cli export --format keras` are loaded by Keras 3 and give the same logits there; what
 * Keras saves of them is read back here, weight by weight. Classifiers that Keras itself brings are imported.
 *
 *   node tools/interop/keras.mjs [--whole]
 *
 * Without --whole, one network of each kind.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '@anc/core';
import { decodeSafetensors } from '@anc/formats';
import { pythonWith } from '../ci/python.mjs';
import { checkApplications } from './keras-applications.mjs';
import { ancCli, writeNetwork } from './network-file.mjs';
import { checkUsage } from './usage.mjs';

const LIMIT = 1e-5; // of the largest logit

const LOADED = `
import json, os, sys
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import keras, numpy as np
answer = []
for job in json.load(open(sys.argv[1])):
    model = keras.models.load_model(job["file"])
    images = np.array(job["images"], dtype="float32").reshape(job["shape"])
    outputs = model(images, training=False)
    logits = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
    model.save(job["again"])
    answer.append({"logits": np.asarray(logits).ravel().tolist(), "parameters": model.count_params()})
print(json.dumps(answer))
`;

const whole = process.argv.includes('--whole');
const folder = mkdtempSync(join(tmpdir(), 'anc-keras-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, [
  'numpy==2.2.6',
  'jax==0.6.2',
  'jaxlib==0.6.2',
  'h5py==3.14.0',
  'keras==3.12.0',
]);

/** Network, options, input and flags of the export; the first ones are of different kinds. */
const NETWORKS = [
  ['resnet', { depth: 8, variant: 'v1', shortcut: 'pad' }, [15, 17, 3], []],
  [
    'resnet',
    { family: 'imagenet', depth: 18, width: 0.125, bias: true, downsample: 'last-block' },
    [65, 64, 3],
    [],
  ],
  [
    'mobilenet',
    { width: 0.25, padding: 'end', stemPadding: 'same', stemStride: 2 },
    [75, 65, 3],
    ['--fold-normalization'],
  ],
  ['keras-resnet50-v2', { width: 0.125 }, [33, 32, 3], []],
  ['lenet4', {}, [16, 16, 3], ['--fold-normalization', '--features']],
  [
    'resnet',
    { depth: 11, width: 0.5, block: 'bottleneck', shortcut: 'projection-every-stage' },
    [16, 16, 3],
    ['--features'],
  ],
  [
    'resnet',
    { family: 'imagenet', depth: 18, width: 0.125, variant: 'v1' },
    [64, 64, 3],
    ['--fold-normalization'],
  ],
  ['mobilenet', { width: 0.25, activation: 'relu6' }, [33, 32, 3], []],
  ['cnn', { widths: [4, 6], batchNorm: true }, [12, 10, 3], []],
];

const classes = ['a', 'b', 'c', 'd', 'e'];
const rng = Rng.fromSeed(1);
const jobs = [];
for (const [name, options, input, flags] of NETWORKS.slice(0, whole ? NETWORKS.length : 5)) {
  const [, , channels] = input;
  const normalization = { mean: [120, 110, 100].slice(0, channels), std: [60, 50, 40].slice(0, channels) };
  const weights = join(folder, `${jobs.length}.safetensors`);
  const { tensors, metadata, logitsOf } = writeNetwork(
    weights,
    { name, options, input, classes, normalization },
    rng,
  );
  const file = join(folder, `${jobs.length}.keras`);
  ancCli('export', weights, '--format', 'keras', '--out', file, ...flags);

  const images = Uint8Array.from({ length: 3 * input[0] * input[1] * channels }, () => rng.int(256));
  const normalised = (value, at) =>
    (value - normalization.mean[at % channels]) / normalization.std[at % channels];
  jobs.push({
    what: `${name} ${JSON.stringify(options)}`,
    file,
    again: join(folder, `${jobs.length}-again.keras`),
    shape: [3, ...input],
    images: flags.includes('--fold-normalization') ? [...images] : Array.from(images, normalised),
    wanted: await logitsOf(images),
    tensors,
    metadata,
  });
}

const list = join(folder, 'jobs.json');
writeFileSync(list, JSON.stringify(jobs.map(({ tensors: _tensors, ...job }) => job)));
let worst = 0;
for (const [i, seen] of JSON.parse(python(LOADED, [list]).split('\n').at(-2)).entries()) {
  const { what, wanted, tensors, metadata, again } = jobs[i];
  const scale = Math.max(...wanted.map(Math.abs));
  const difference = Math.max(...wanted.map((value, at) => Math.abs(seen.logits[at] - value))) / scale;
  if (seen.logits.length !== wanted.length || !(difference <= LIMIT)) {
    throw new Error(`${what}: ${seen.logits.length} logits, off by ${difference} of the largest`);
  }
  worst = Math.max(worst, difference);
  if (i < 2) checkUsage(python, jobs[i].file);
  const numbers = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
  if (seen.parameters !== numbers) throw new Error(`${what}: ${seen.parameters} numbers, not ${numbers}`);

  if (i % 3 !== 0) continue;
  const back = `${again}.safetensors`;
  const said = [
    '--model',
    `${metadata.model}(${optionsOf(metadata)})`,
    '--input',
    JSON.parse(metadata.input).join('x'),
  ];
  ancCli('import', again, ...said, '--classes', '5', '--normalize', 'unit', '--out', back);
  const { tensors: found } = decodeSafetensors(readFileSync(back));
  for (const [variable, { data }] of Object.entries(tensors)) {
    const far = data.findIndex((value, at) => Math.abs(found[variable].data[at] - value) > 1e-6);
    if (far >= 0) throw new Error(`${what}: ${variable} came back otherwise`);
  }
}
console.log(
  `${jobs.length} exports: loaded by Keras, equal there to ${worst.toExponential(1)} of the largest logit; every third read back as it saves them`,
);
console.log(await checkApplications(python, folder, whole));

function optionsOf({ modelOptions }) {
  const entries = Object.entries(JSON.parse(modelOptions));
  return entries.map(([key, value]) => `${key}=${Array.isArray(value) ? `[${value}]` : value}`).join(', ');
}
