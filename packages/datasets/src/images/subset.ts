import { createHash } from 'node:crypto';
import {
  AncError,
  Rng,
  type CropDistribution,
  type DatasetSplit,
  type ImageSource,
  type ImageViews,
  type TargetSource,
} from '@anc/core';
import { bytesPerImage, indexError } from './memory-images.js';

/**
 * The images `indices` of `source`, in that order.
 *
 * @throws `ANC_DATA_INDEX` for an index out of range.
 */
export function subset(source: ImageSource, indices: Int32Array): ImageSource {
  const wrong = indices.find((index) => index < 0 || index >= source.count);
  if (wrong !== undefined) throw indexError(wrong, source.count);
  const place = (wanted: Int32Array): Int32Array =>
    wanted.map((i) => {
      if (i < 0 || i >= indices.length) throw indexError(i, indices.length);
      return indices[i]!;
    });
  const { crops } = source;
  const placed = <V extends ImageViews>(views: V) => ({
    id: views.id,
    views: views.views as V['views'],
    read: (wanted: Int32Array, drawn: Int32Array, out: Uint8Array) => views.read(place(wanted), drawn, out),
  });
  const fingerprint = createHash('sha256')
    .update(source.fingerprint)
    .update(Buffer.from(indices.buffer, indices.byteOffset, indices.byteLength))
    .digest('hex');
  return {
    count: indices.length,
    shape: source.shape,
    fingerprint,
    read: (wanted, out) => source.read(place(wanted), out),
    ...(source.sampleKey && { sampleKey: (i: number) => source.sampleKey!(place(Int32Array.of(i))[0]!) }),
    ...(crops && {
      crops: {
        ...placed(crops),
        ...(crops.of && {
          of: (distribution: CropDistribution, seed: number) => placed(crops.of!(distribution, seed)),
        }),
      },
    }),
  };
}

/** Images, labels and targets `indices` of a split. Labels and targets are not read until they are requested. */
export function subsetSplit(split: DatasetSplit, indices: Int32Array): DatasetSplit {
  const { labels, targets = null } = split;
  return {
    images: subset(split.images, indices),
    ...(targets !== null && { targets: async () => subsetTargets(await targets(), indices) }),
    labels:
      labels === null
        ? null
        : async () => {
            const all = await labels();
            return indices.map((i) => all[i]!);
          },
  };
}

const subsetTargets = (source: TargetSource, indices: Int32Array): TargetSource => ({
  shape: source.shape,
  read: (wanted, out) =>
    source.read(
      wanted.map((i) => indices[i]!),
      out,
    ),
});

/**
 * Indices of the images that a limit of `n` keeps: the first `n` of a permutation seeded by `seed`, sorted. A smaller
 * limit keeps a subset of what a larger one keeps.
 */
export function limitIndices(count: number, n: number, seed: number): Int32Array {
  if (!Number.isInteger(n) || n < 1) {
    throw new AncError('ANC_CONFIG', 'a limit keeps at least one image.', {
      expected: 'a whole number ≥ 1',
      received: `${n}`,
    });
  }
  return Rng.fromSeed(seed).split('limit').permutation(count).slice(0, n).sort();
}

/** At most `n` images of a split, chosen by `limitIndices`. */
export const limitSplit = (split: DatasetSplit, n: number, seed: number): DatasetSplit =>
  n >= split.images.count ? split : subsetSplit(split, limitIndices(split.images.count, n, seed));

/** Two parts of a source: indices into it, ascending. */
export interface HashSplit {
  readonly train: Int32Array;
  readonly held: Int32Array;
}

const CHUNK = 1024;

/**
 * Holds out `round(fraction × count)` images: those whose bytes (or `sampleKey`) have the smallest seeded hash. No
 * label is read, the order of the files does not matter, and copies of an image stay on one side (except for the one at
 * the border), so that the held-out part does not repeat the training part.
 *
 * @throws `ANC_CONFIG` unless 0 < fraction < 1 and both parts have an image.
 */
export async function splitByHash(source: ImageSource, fraction: number, seed: number): Promise<HashSplit> {
  const held = Math.round(source.count * fraction);
  assertHeld(source.count, held, fraction);
  const keys = await sampleHashes(source, seed);
  const order = byHash(
    Int32Array.from(keys, (_, i) => i),
    keys,
  );
  return { held: order.slice(0, held).sort(), train: order.slice(held).sort() };
}

function assertHeld(count: number, held: number, fraction: number): void {
  if (fraction > 0 && fraction < 1 && held >= 1 && held < count) return;
  throw new AncError('ANC_CONFIG', 'a held-out split needs images on both sides.', {
    expected: `a fraction between 0 and 1 that leaves at least one of ${count} images on each side`,
    received: `${fraction}`,
  });
}

/** Indices sorted by their hashes, ties by index. */
const byHash = (indices: Iterable<number>, keys: BigUint64Array): Int32Array =>
  Int32Array.from(indices).sort((a, b) => {
    const [x, y] = [keys[a]!, keys[b]!];
    return x < y ? -1 : x > y ? 1 : a - b;
  });

/** First 64 bits of SHA-256 of (seed, bytes), or of (seed, key) if the source has sample keys. */
async function sampleHashes(source: ImageSource, seed: number): Promise<BigUint64Array> {
  const hash = (content: Uint8Array | string): bigint =>
    createHash('sha256').update(`${seed}:`).update(content).digest().readBigUInt64LE();
  const keys = new BigUint64Array(source.count);
  if (source.sampleKey !== undefined) return keys.map((_, i) => hash(source.sampleKey!(i)));
  const size = bytesPerImage(source.shape);
  for (let start = 0; start < source.count; start += CHUNK) {
    const indices = Int32Array.from({ length: Math.min(CHUNK, source.count - start) }, (_, i) => start + i);
    const bytes = new Uint8Array(indices.length * size);
    await source.read(indices, bytes);
    for (let i = 0; i < indices.length; i++) keys[start + i] = hash(bytes.subarray(i * size, (i + 1) * size));
  }
  return keys;
}

/**
 * `splitByHash` within every class: holds out `round(fraction × images of the class)` of each, and keeps at least one
 * training image of each. Reads the labels, so it is used only on request.
 *
 * @throws `ANC_CONFIG` like `splitByHash`.
 */
export async function splitByClass(
  source: ImageSource,
  labels: Int32Array,
  fraction: number,
  seed: number,
): Promise<HashSplit> {
  const keys = await sampleHashes(source, seed);
  const classes = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const members = classes.get(label);
    if (members === undefined) classes.set(label, [i]);
    else members.push(i);
  });
  const held: number[] = [];
  for (const members of classes.values()) {
    const order = byHash(members, keys);
    held.push(...order.slice(0, Math.min(members.length - 1, Math.round(members.length * fraction))));
  }
  assertHeld(source.count, held.length, fraction);
  const out = new Set(held);
  return {
    held: Int32Array.from(held).sort(),
    train: Int32Array.from(labels.keys()).filter((i) => !out.has(i)),
  };
}

/**
 * Splits images and labels by `splitByHash` into a training and a held-out part. `stratified`: holds out the same
 * fraction of every class, which reads the labels.
 */
export async function holdOut(
  split: DatasetSplit,
  fraction: number,
  seed: number,
  { stratified = false }: { readonly stratified?: boolean } = {},
): Promise<{ train: DatasetSplit; held: DatasetSplit }> {
  const { train, held } =
    stratified && split.labels !== null
      ? await splitByClass(split.images, await split.labels(), fraction, seed)
      : await splitByHash(split.images, fraction, seed);
  return { train: subsetSplit(split, train), held: subsetSplit(split, held) };
}
