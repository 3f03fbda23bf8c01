/** Classifiers of `keras.applications`, as Keras saves them: imported without a word, they answer as they do in Keras. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWasm } from '@anc/backend-tfjs';
import { Rng } from '@anc/core';
import { ancCli, attemptAncCli, readNetwork } from './network-file.mjs';

const LIMIT = 1e-5; // of the largest logit

/** Makes, trains by chance, and saves; logits are those without its softmax. */
const MADE = `
import json, os, sys
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import keras, numpy as np

# Weights are drawn below; drawing them in JAX compiles a program for every shape.
keras.initializers.VarianceScaling.__call__ = lambda self, shape, dtype=None: np.zeros(shape, dtype="float32")

def build(job):
    make = getattr(keras.applications, job["application"])
    shape = tuple(job["input"])
    if job["head"] is None:
        return make(weights=None, classes=5, input_shape=shape, **job["options"])
    base = make(weights=None, include_top=False, input_shape=shape, **job["options"])
    images = keras.Input(shape)
    x = keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.2)])(images)
    x = getattr(keras.applications, job["application"].lower()).preprocess_input(x)
    x = base(x, training=False)
    x = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, keras.layers.Dense(job["head"], activation="sigmoid" if job["head"] == 1 else "softmax")(x))

answer = []
for job in json.load(open(sys.argv[1])):
    keras.utils.clear_session()
    model = build(job)
    rng = np.random.default_rng(7)
    for variable in model.weights:
        shape, name = variable.shape, variable.path
        if len(shape) > 1:
            fan = np.prod(shape[:2]) if "conv_dw" in name else np.prod(shape[:-1])
            value = rng.normal(size=shape) * np.sqrt(2 / fan)
        elif "variance" in name:
            value = 0.5 + rng.uniform(size=shape)
        else:
            value = ("gamma" in name) + 0.2 * rng.normal(size=shape)
        variable.assign(value)
    images = np.array(job["images"], dtype="float32").reshape([-1, *job["input"]])
    last, model.layers[-1].activation = model.layers[-1].activation, keras.activations.linear
    logits = np.asarray(model(images if job["head"] else images / 127.5 - 1, training=False))
    model.layers[-1].activation = last
    if job["head"] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    if job["format"] == ".weights.h5":
        model.save_weights(job["file"])
    else:
        model.save(job["file"])
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    if job["head"] == 1:
        trained += model.layers[-1].count_params()
    answer.append({"logits": logits.ravel().tolist(), "parameters": trained})
print(json.dumps(answer))
`;

/**
 * What of, with which options, at how many pixels, saved as what, and with how many units in a head of a user's; the
 * first ones are of each form.
 */
const JOBS = [
  ['MobileNet', { alpha: 0.5 }, 75, '.h5'],
  ['MobileNet', { alpha: 0.25 }, 96, '.keras', 1],
  ['ResNet50V2', {}, 64, '.weights.h5'],
  ['MobileNetV2', { alpha: 0.35 }, 32, '.weights.h5'],
  ['MobileNet', { alpha: 0.25 }, 64, '.keras'],
  ['MobileNet', { alpha: 0.25 }, 64, '.weights.h5'],
  ['ResNet50', {}, 64, '.keras', 5],
];
const FORMS = 4;
/** Those that no network here is. */
const STRANGE = ['MobileNetV2'];

/**
 * @param {(script: string, args: string[]) => string} python
 * @param {string} folder an existing one
 * @param {boolean} whole all of them, not one of each form
 * @returns {Promise<string>} what was found
 */
export async function checkApplications(python, folder, whole) {
  const rng = Rng.fromSeed(3);
  const jobs = JOBS.slice(0, whole ? JOBS.length : FORMS).map(
    ([application, options, side, format, head = null], i) => ({
      what: `${application} ${JSON.stringify(options)} at ${side} pixels, ${format}, head ${head}`,
      application,
      options,
      format,
      head,
      input: [side, side, 3],
      file: join(folder, `application-${i}${format}`),
      images: Array.from({ length: 2 * side * side * 3 }, () => rng.int(256)),
    }),
  );
  const list = join(folder, 'applications.json');
  writeFileSync(list, JSON.stringify(jobs));
  const answers = JSON.parse(python(MADE, [list]).split('\n').at(-2));
  const backend = await openWasm();
  let worst = 0;
  for (const [i, { what, application, file, input, images, head }] of jobs.entries()) {
    const out = `${file}.safetensors`;
    const outside = head === null ? ['--normalize', 'signed'] : [];
    const said = ['import', file, '--out', out, '--input', input.join('x'), ...outside];
    if (STRANGE.includes(application)) {
      expectRefused(what, attemptAncCli(...said));
      continue;
    }
    ancCli(...said);
    const { logits, parameters } = await readNetwork(out, backend, Uint8Array.from(images));
    const { logits: wanted, parameters: trained } = answers[i];
    const scale = Math.max(...wanted.map(Math.abs));
    const difference = Math.max(...wanted.map((value, at) => Math.abs(logits[at] - value))) / scale;
    if (logits.length !== wanted.length || !(difference <= LIMIT)) {
      throw new Error(`${what}: ${logits.length} logits, off by ${difference} of the largest`);
    }
    if (parameters !== trained) throw new Error(`${what}: ${parameters} parameters, not ${trained}`);
    worst = Math.max(worst, difference);
    for (const done of [file, out]) rmSync(done);
  }
  await backend.dispose();
  const imported = jobs.length - STRANGE.length;
  return `${imported} classifiers of keras.applications imported, equal to ${worst.toExponential(1)}; another one refused`;
}

function expectRefused(what, { status, stderr }) {
  if (status === 2 && stderr.includes('--teacher model.onnx')) return;
  throw new Error(`${what}: not refused as it should be (${status})\n${stderr}`);
}
