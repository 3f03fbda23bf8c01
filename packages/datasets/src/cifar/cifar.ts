import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { z } from 'zod';
import { readTarGz } from '../archive.js';
import { missing } from '../data-error.js';
import { checkedLabels } from '../labels.js';
import { findFile, searchPlaces } from '../locate.js';
import { MemoryImages, sharedBytes } from '../memory-images.js';
import { readVerified, verifyFile } from '../verified-file.js';
import { parseCifarBinary, type CifarPart } from './binary.js';
import { cifar100Spec, cifar10Spec, type CifarFile, type CifarLayout, type CifarSpec } from './cifar-spec.js';
import { parseCifarPython } from './python.js';

/** Room for what a python batch holds beside its pixels: names and labels of each image, and the frame. */
const PYTHON_EXTRA = { perImage: 64, frame: 1 << 16 };

export const cifar100Options = z.strictObject({
  labels: z.enum(['fine', 'coarse']).default('fine').describe('the hundred classes, or their twenty groups'),
});

/** CIFAR-10 and CIFAR-100 from their official files: binary or python, unpacked or as the archive. */
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
    const parts = await this.#parts(name);
    const bytes = sharedBytes(parts.reduce((sum, { images }) => sum + images.length, 0));
    let at = 0;
    for (const { images } of parts) {
      bytes.set(images, at);
      at += images.length;
    }
    const labels = parts.flatMap((part) => [...part.labels]);
    return {
      images: new MemoryImages(bytes, this.shape),
      labels: () => Promise.resolve(checkedLabels(this.name, labels, this.classes.length)),
    };
  }

  async #parts(name: SplitName): Promise<CifarPart[]> {
    const { layouts } = this.#spec;
    for (const layout of layouts) {
      const places = searchPlaces(this.#dataDir, [
        ...layout.folders,
        ...layout.folders.map((f) => `${this.name}/${f}`),
        this.name,
      ]);
      const paths = layout.splits[name].map((file) => findFile(places, [file.name]));
      if (paths.every((path) => path !== null)) return this.#unpacked(layout, layout.splits[name], paths);
      const archive = findFile(places, [layout.archive.name]);
      if (archive !== null) return this.#archived(layout, layout.splits[name], archive);
    }
    const sample = name === 'test' ? await this.#sample() : null;
    if (sample !== null) return [sample];
    const places = searchPlaces(this.#dataDir, [this.name]);
    throw missing(
      this.name,
      layouts.map(({ archive }) => archive.name),
      places,
      'any one of',
    );
  }

  /** A part of the test set, `<name>-sample/test_<count>.bin` in the binary layout: enough to score a network. */
  async #sample(): Promise<CifarPart | null> {
    const { labelBytes, label, sampleFolder } = this.#spec;
    for (const place of searchPlaces(this.#dataDir, [sampleFolder])) {
      const files = await readdir(place).catch(() => []);
      const found = files.map((file) => /^test_(\d+)\.bin$/.exec(file)).find((match) => match !== null);
      if (found === undefined) continue;
      const path = join(place, found[0]);
      return parseCifarBinary(path, await readFile(path), labelBytes, label, Number(found[1]));
    }
    return null;
  }

  async #unpacked(
    layout: CifarLayout,
    files: readonly CifarFile[],
    paths: readonly string[],
  ): Promise<CifarPart[]> {
    const parts: CifarPart[] = [];
    for (const [i, file] of files.entries()) {
      parts.push(this.#parse(layout, file, paths[i]!, await readVerified(paths[i]!, file.md5)));
    }
    return parts;
  }

  async #archived(layout: CifarLayout, files: readonly CifarFile[], path: string): Promise<CifarPart[]> {
    await verifyFile(path, layout.archive.md5);
    const { perImage, frame } = layout.format === 'python' ? PYTHON_EXTRA : { perImage: 0, frame: 0 };
    const room = (count: number): number => count * (this.#spec.labelBytes + 3072 + perImage) + frame;
    const all = Object.values(layout.splits).flat();
    const found = await readTarGz(path, new Map(all.map(({ name, count }) => [name, room(count)])));
    return files.map((file) => this.#parse(layout, file, `${path}: ${file.name}`, found.get(file.name)!));
  }

  #parse({ format }: CifarLayout, file: CifarFile, path: string, bytes: Uint8Array): CifarPart {
    const { labelBytes, label, labelKey } = this.#spec;
    return format === 'binary'
      ? parseCifarBinary(path, bytes, labelBytes, label, file.count)
      : parseCifarPython(path, bytes, labelKey, file.count);
  }
}

export const cifar10 = (dataDir: string | null): CifarDataset => new CifarDataset(cifar10Spec, dataDir);
export const cifar100 = (
  dataDir: string | null,
  options: z.input<typeof cifar100Options> = {},
): CifarDataset => new CifarDataset(cifar100Spec(cifar100Options.parse(options).labels), dataDir);
