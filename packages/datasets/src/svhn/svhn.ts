import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import type { z } from 'zod';
import { corrupt } from '../files/data-error.js';
import { checkedLabels } from '../images/labels.js';
import { requireFile, searchPlaces } from '../files/locate.js';
import { MemoryImages, sharedBytes } from '../images/memory-images.js';
import { svhnOptions } from '../options.js';
import { readVerified } from '../files/verified-file.js';
import { parseMat } from '../matlab/mat-file.js';
import { SVHN_FILES } from './svhn-spec.js';

const SIDE = 32;
const IMAGE = SIDE * SIDE * 3;

/** Images in shared memory, NHWC, and labels 0 to 9. */
export interface SvhnPart {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/**
 * Reads a cropped SVHN file: X [32, 32, 3, N] bytes and y [N, 1] of 1 to 10, where 10 is the digit 0.
 * `count` is N where it is known. Throws `ANC_DATA_CORRUPT` on any other content.
 */
export async function parseSvhn(
  file: string,
  bytes: Uint8Array,
  count: number | null = null,
): Promise<SvhnPart> {
  // A file of unknown count may be compressed eight to one: far above what photographs reach.
  const limit = count === null ? 8 * bytes.length : count * IMAGE + 4096;
  const arrays = await parseMat(file, bytes, limit);
  const [x, y] = [arrays.get('X'), arrays.get('y')];
  if (x === undefined || y === undefined) {
    throw corrupt(file, 'not a cropped SVHN file', 'arrays X and y', [...arrays.keys()].join(', ') || 'none');
  }
  const n = x.shape[3] ?? 1; // MATLAB drops a last size of 1
  const { data } = x;
  const sizesFit = [SIDE, SIDE, 3].every((size, i) => x.shape[i] === size) && x.shape.length <= 4;
  if (!sizesFit || !(data instanceof Uint8Array) || (count !== null && n !== count)) {
    throw corrupt(file, 'wrong array X', `[32, 32, 3, ${count ?? 'N'}] of bytes`, `[${x.shape.join(', ')}]`);
  }
  if (y.data.length !== n) throw corrupt(file, 'wrong array y', `${n} labels`, `${y.data.length}`);
  const wrong = y.data.findIndex((label) => label < 1 || label > 10);
  if (wrong >= 0) throw corrupt(file, `label ${wrong} is out of range`, '1 to 10', `${y.data[wrong]}`);
  return { images: rowMajor(data, n), labels: Int32Array.from(y.data, (label) => label % 10) };
}

/** Column-major [32, 32, 3, N] into [N, 32, 32, 3]. */
function rowMajor(columns: Uint8Array, count: number): Uint8Array {
  const out = sharedBytes(count * IMAGE);
  let at = 0;
  for (let image = 0; image < columns.length; image += IMAGE) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0, pixel = image + y; x < SIDE; x++, pixel += SIDE) {
        out[at++] = columns[pixel]!;
        out[at++] = columns[pixel + SIDE * SIDE]!;
        out[at++] = columns[pixel + 2 * SIDE * SIDE]!;
      }
    }
  }
  return out;
}

/** SVHN (Netzer et al. 2011), cropped digits, from the official MATLAB files. */
export class Svhn extends Dataset {
  readonly name = 'svhn';
  readonly classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
  readonly shape = [SIDE, SIDE, 3] as const;
  readonly #places: readonly string[];
  readonly #extra: boolean;

  constructor(dataDir: string | null, options: z.input<typeof svhnOptions> = {}) {
    super();
    this.#places = searchPlaces(dataDir, ['svhn', 'SVHN']);
    this.#extra = svhnOptions.parse(options).extra;
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const files = name === 'train' && this.#extra ? [SVHN_FILES.train, SVHN_FILES.extra] : [SVHN_FILES[name]];
    const parts: SvhnPart[] = [];
    for (const file of files) {
      const path = requireFile(this.name, this.#places, [file.name]);
      parts.push(await parseSvhn(path, await readVerified(path, file.md5), file.count));
    }
    const bytes = parts.length === 1 ? parts[0]!.images : joined(parts);
    return {
      images: new MemoryImages(bytes, this.shape),
      labels: () => {
        const labels = new Int32Array(bytes.length / IMAGE);
        parts.reduce((at, part) => (labels.set(part.labels, at), at + part.labels.length), 0);
        return Promise.resolve(checkedLabels(this.name, labels, 10));
      },
    };
  }
}

function joined(parts: readonly SvhnPart[]): Uint8Array {
  const out = sharedBytes(parts.reduce((sum, { images }) => sum + images.length, 0));
  parts.reduce((at, { images }) => (out.set(images, at), at + images.length), 0);
  return out;
}
