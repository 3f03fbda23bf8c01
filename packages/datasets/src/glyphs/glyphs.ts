import { Dataset, Rng, type DatasetSplit, type SplitName } from '@anc/core';
import { MemoryImages, sharedBytes } from '../images/memory-images.js';
import { glyphsOptions, type GlyphsOptions } from '../options.js';
import { DEFAULT_DIFFICULTY, drawGlyph, GLYPH_SIZE } from './draw.js';
import { KeptSplits, type Drawn } from './kept-splits.js';
import { GLYPH_CLASSES } from './shapes.js';

const PIXELS = GLYPH_SIZE * GLYPH_SIZE;

const kept = new KeptSplits(4, 64 * 2 ** 20);

/**
 * Generated images of ten stroke figures, 28×28 gray: a dataset that needs no files.
 *
 * Image i of a split is a pure function of (seed, split, i). Position, size, slant, stroke width, brightness, noise,
 * stray strokes and an occluded patch vary.
 */
export class Glyphs extends Dataset {
  readonly name = 'glyphs';
  readonly classes = GLYPH_CLASSES;
  readonly shape = [GLYPH_SIZE, GLYPH_SIZE, 1] as const;
  readonly #counts: Readonly<Record<SplitName, number>>;
  readonly #seed: number;
  readonly #rng: Rng;

  constructor(options: GlyphsOptions = {}) {
    super();
    const { train, test, seed } = glyphsOptions.parse(options);
    this.#counts = { train, test };
    this.#seed = seed ?? 0;
    this.#rng = Rng.fromSeed(this.#seed).split('glyphs');
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const count = this.#counts[name];
    const { bytes, labels } = kept.of(`${this.#seed}/${name}`, count, () =>
      draw(this.#rng.split(name), count),
    );
    return Promise.resolve({
      images: new MemoryImages(bytes.subarray(0, count * PIXELS), this.shape),
      labels: () => Promise.resolve(labels.slice(0, count)),
    });
  }
}

function draw(split: Rng, count: number): Drawn {
  const bytes = sharedBytes(count * PIXELS);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const rng = split.split(i);
    labels[i] = rng.int(GLYPH_CLASSES.length);
    drawGlyph(rng, labels[i]!, DEFAULT_DIFFICULTY, bytes.subarray(i * PIXELS, (i + 1) * PIXELS));
  }
  return { bytes, labels };
}
