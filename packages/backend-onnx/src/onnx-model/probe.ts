import { isAncError, Rng, sizeOf, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { assertIndependent } from './batch-test.js';
import { DERIVED } from './derived-names.js';
import { type Derivation, type OutputMeaning } from './derive.js';
import { onnxError } from './proto.js';
import { createSession, failed, runInBatches, type BatchSize } from './session.js';

export interface Probe extends BatchSize {
  /** Numbers per image of the output. */
  readonly width: number;
  /** Width of the features; 0 if there are none. */
  readonly features: number;
  /** Whether there are features, with one row per image and the width that the last layer takes. */
  readonly featuresFit: boolean;
  readonly meaning: OutputMeaning;
}

const COUNT = 3;

/**
 * Facts about a derived classifier, whose output is as the model gives it, from runs on a few images.
 *
 * @throws `ANC_ONNX` if it does not run, does not give a row for each image, or one that depends on the other images
 */
export async function probeClassifier(
  engine: EngineClient,
  model: Uint8Array,
  { images, head, input }: Derivation,
  shown: string,
  isDynamic: boolean,
): Promise<Probe> {
  const session = engine.handle();
  await createSession(engine, session, model.slice(), shown);
  try {
    const rng = Rng.fromSeed(0);
    const noise = Uint8Array.from({ length: COUNT * sizeOf(images) }, () => rng.int(256));
    const run = (data: Uint8Array, size: BatchSize): Promise<Tree<HostTensor>> => {
      const count = data.length / sizeOf(images);
      return runInBatches(engine, session, { shape: [count, ...images], data }, images, size);
    };
    const { size, results } = await sizeThatRuns(run, noise, input.batch, shown, images);
    const { shape, data } = results[DERIVED.logits]!;
    const width = shape[1]!;
    if (width === 0 || (width === 1 && head.activation?.includes('Softmax') === true)) {
      throw onnxError(`${shown}: its output does not tell classes apart.`, {
        expected: 'numbers for two classes or more, or one number that is not behind a softmax',
        received: width === 0 ? 'no numbers' : 'a softmax of one number, which is always 1',
        hint: 'choose another tensor with the option logits.',
      });
    }
    if (size.batch !== 1) {
      const logits = async (batch: Uint8Array): Promise<ArrayLike<number>> =>
        (await run(batch, size))[DERIVED.logits]!.data;
      await assertIndependent(logits, images, size.batch ?? COUNT, shown, isDynamic);
    }
    const found = results[DERIVED.features];
    const featureWidth = found?.shape[1] ?? 0;
    return {
      ...size,
      width,
      features: featureWidth,
      featuresFit: found?.shape[0] === COUNT && (head.featureWidth ?? featureWidth) === featureWidth,
      meaning:
        width === 1
          ? await meaningOfUnit(head, (bytes) => run(bytes, size), images)
          : head.activation === null && areProbabilities(data, width)
            ? 'probabilities'
            : 'logits',
    };
  } finally {
    await engine.call('releaseSession', session);
  }
}

type Run = (data: Uint8Array, size: BatchSize) => Promise<Tree<HostTensor>>;

/** The batch that the model declares; of one image where an open batch is declared and does not work. */
async function sizeThatRuns(
  run: Run,
  noise: Uint8Array,
  declared: number | null,
  shown: string,
  images: readonly number[],
): Promise<{ readonly size: BatchSize; readonly results: Tree<HostTensor> }> {
  const attempt = async (batch: number | null) => {
    const size = { batch, least: 1 };
    return { size, results: await run(noise, size) };
  };
  const one = noise.subarray(0, sizeOf(images));
  try {
    const found = await attempt(declared);
    if (declared !== null) return found;
    const single = await run(one.slice(), found.size).catch(() => null);
    const width = found.results[DERIVED.logits]!.shape[1];
    return single?.[DERIVED.logits]!.shape[1] === width
      ? found
      : { ...found, size: { batch: null, least: 2 } };
  } catch (cause) {
    const fallback = declared === null ? await attempt(1).catch(() => null) : null;
    if (fallback !== null) return fallback;
    if (isAncError(cause) && cause.code === 'ANC_ONNX')
      throw onnxError(`${shown}: ${cause.message}`, cause.detail);
    throw failed(`${shown}: the model does not run on images ${images.join('×')}.`, cause);
  }
}

/**
 * Whether one number per image is a logit or a probability: a tensor before a sigmoid and the output of a linear layer or
 * of a function that leaves 0..1 are logits; of any other output, numbers that leave 0..1 for noise, flat images or gradients are.
 */
async function meaningOfUnit(
  head: Derivation['head'],
  run: (data: Uint8Array) => Promise<Tree<HostTensor>>,
  [height = 1, width = 1, channels = 1]: readonly number[],
): Promise<OutputMeaning> {
  if (head.activation !== null || head.unbounded || /logit/i.test(head.logits)) return 'binary-logit';
  const size = height * width * channels;
  const flat = [0, 64, 128, 192, 255].map((value) => new Uint8Array(size).fill(value));
  const across = new Uint8Array(size).map((_, i) => (255 * (Math.floor(i / channels) % width)) / width);
  const down = new Uint8Array(size).map((_, i) => (255 * Math.floor(i / channels / width)) / height);
  const rng = Rng.fromSeed(0).split('unit');
  const noise = [32, 128, 256].map((levels) => new Uint8Array(size).map(() => rng.int(levels)));
  const all = [...flat, across, down, across.map((v) => 255 - v), down.map((v) => 255 - v), ...noise];
  const data = new Uint8Array(all.length * size);
  all.forEach((image, i) => data.set(image, i * size));
  const values = Array.from((await run(data))[DERIVED.logits]!.data as ArrayLike<number>);
  return values.every((value) => value >= 0 && value <= 1) ? 'binary-probability' : 'binary-logit';
}

function areProbabilities(data: ArrayLike<number>, classes: number): boolean {
  const values = Array.from(data);
  const rows = Array.from({ length: values.length / classes }, (_, i) =>
    values.slice(i * classes, (i + 1) * classes).reduce((sum, value) => sum + value, 0),
  );
  return classes > 1 && values.every((value) => value >= 0) && rows.every((sum) => Math.abs(sum - 1) < 1e-3);
}
