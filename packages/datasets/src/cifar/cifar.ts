import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import type { z } from 'zod';
import { missing } from '../files/data-error.js';
import { findVerified } from '../files/find-verified.js';
import { findFile, searchPlaces } from '../files/locate.js';
import type { OfficialFile } from '../files/official-file.js';
import { readTarGz } from '../files/tar-gz.js';
import { readVerified, verifyFile } from '../files/verified-file.js';
import { checkedLabels } from '../images/labels.js';
import { MemoryImages, sharedBytes } from '../images/memory-images.js';
import { cifar100Options } from '../options.js';
import { parseCifarBinary } from './binary.js';
import { cifar100Spec, cifar10Spec, type CifarFile, type CifarLayout, type CifarSpec } from './cifar-spec.js';
import { parseCifarPython } from './python.js';

const IMAGE = 32 * 32 * 3;

/** Largest size of a Python batch besides its pixels: names and labels of each image, and the frame of the pickle. */
const PYTHON_EXTRA = { perImage: 64, frame: 1 << 16 };

/** CIFAR-10 and CIFAR-100 from their official files: binary or Python, unpacked or as an archive. */
export class CifarDataset extends Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape = [32, 32, 3] as const;
  readonly #spec: CifarSpec;
  readonly #dataDir: string | null;

  constructor(spec: CifarSpec, dataDir: string | null) {
    super();
    this.#spec = spec;
    this.#dataDir = dataDir;
    this.name = spec.name;
    this.classes = spec.classes;
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const { bytes, labels } = await this.#read(name);
    return {
      images: new MemoryImages(bytes, this.shape),
      labels: () => Promise.resolve(checkedLabels(this.name, labels, this.classes.length)),
    };
  }

  async #read(name: SplitName): Promise<{ bytes: Uint8Array; labels: Uint8Array }> {
    const { layouts } = this.#spec;
    for (const layout of layouts) {
      const places = searchPlaces(this.#dataDir, [
        ...layout.folders,
        ...layout.folders.map((f) => `${this.name}/${f}`),
        this.name,
      ]);
      const files = layout.splits[name];
      const inner = async (file: OfficialFile): Promise<string | null> =>
        (await findVerified([file], this.#dataDir, layout.folders))?.path ?? null;
      const paths: (string | null)[] = [];
      for (const file of files) paths.push(findFile(places, [file.name]) ?? (await inner(file)));
      if (paths.every((path) => path !== null)) {
        return await this.#parse(layout, files, async (file, i) => ({
          path: paths[i]!,
          bytes: await readVerified(paths[i]!, file.md5),
        }));
      }
      const archive = findFile(places, [layout.archive.name]) ?? (await inner(layout.archive));
      if (archive !== null) {
        const found = await this.#unpack(layout, archive);
        return await this.#parse(layout, files, (file) =>
          Promise.resolve({ path: `${archive}: ${file.name}`, bytes: found.get(file.name)! }),
        );
      }
    }
    const sample = name === 'test' ? await this.#sample() : null;
    if (sample !== null) return sample;
    const places = searchPlaces(this.#dataDir, [this.name]);
    throw missing(
      this.name,
      layouts.map(({ archive }) => archive.name),
      places,
      'any one of',
    );
  }

  /** A part of the test set, `<name>-sample/test_<count>.bin` in the binary layout: enough to evaluate a network. */
  async #sample(): Promise<{ bytes: Uint8Array; labels: Uint8Array } | null> {
    const { labelBytes, label, sampleFolder } = this.#spec;
    for (const place of searchPlaces(this.#dataDir, [sampleFolder])) {
      const files = await readdir(place).catch(() => []);
      const found = files.map((file) => /^test_(\d+)\.bin$/.exec(file)).find((match) => match !== null);
      if (found === undefined) continue;
      const path = join(place, found[0]);
      const bytes = await readVerified(path, null);
      const part = parseCifarBinary(path, bytes, labelBytes, label, Number(found[1]), sharedBytes);
      return { bytes: part.images, labels: part.labels };
    }
    return null;
  }

  async #unpack(layout: CifarLayout, path: string): Promise<Map<string, Uint8Array>> {
    await verifyFile(path, layout.archive.md5);
    const { perImage, frame } = layout.format === 'python' ? PYTHON_EXTRA : { perImage: 0, frame: 0 };
    const sizeOf = (count: number): number => count * (this.#spec.labelBytes + IMAGE + perImage) + frame;
    const all = Object.values(layout.splits).flat();
    return await readTarGz(path, new Map(all.map(({ name, count }) => [name, sizeOf(count)])));
  }

  /** Reads one file after the other, straight into shared memory. */
  async #parse(
    { format }: CifarLayout,
    files: readonly CifarFile[],
    read: (file: CifarFile, i: number) => Promise<{ path: string; bytes: Uint8Array }>,
  ): Promise<{ bytes: Uint8Array; labels: Uint8Array }> {
    const { labelBytes, label, labelKey } = this.#spec;
    const total = files.reduce((sum, { count }) => sum + count, 0);
    const [images, labels] = [sharedBytes(total * IMAGE), new Uint8Array(total)];
    let at = 0;
    for (const [i, file] of files.entries()) {
      const { path, bytes } = await read(file, i);
      const place = (length: number): Uint8Array => images.subarray(at * IMAGE, at * IMAGE + length);
      const part =
        format === 'binary'
          ? parseCifarBinary(path, bytes, labelBytes, label, file.count, place)
          : parseCifarPython(path, bytes, labelKey, file.count, place);
      labels.set(part.labels, at);
      at += file.count;
    }
    return { bytes: images, labels };
  }
}

/** CIFAR-10 in `dataDir`; null: in the default folders. */
export const cifar10 = (dataDir: string | null): CifarDataset => new CifarDataset(cifar10Spec, dataDir);
/** CIFAR-100 in `dataDir`; null: in the default folders. */
export const cifar100 = (
  dataDir: string | null,
  options: z.input<typeof cifar100Options> = {},
): CifarDataset => new CifarDataset(cifar100Spec(cifar100Options.parse(options).labels), dataDir);
