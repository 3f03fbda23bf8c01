import { Dataset, Rng, type DatasetSplit, type SplitName } from '@anc/core';
import { MemoryImages, sharedBytes } from '../images/memory-images.js';
import { glyphsOptions, type GlyphsOptions } from '../options.js';
import { DEFAULT_DIFFICULTY, drawGlyph, GLYPH_SIZE } from './draw.js';
import { GLYPH_CLASSES } from './shapes.js';

/**
 * Generated pictures of ten figures drawn in strokes, 28×28 grey: a dataset that needs no file.
 *
 * Image i of a split is a pure function of (seed, split, i). Position, size, slant, stroke, shade,
 * noise, stray strokes and a covered patch vary.
 */
export class Glyphs extends Dataset {
  readonly name = 'glyphs';
  readonly classes = GLYPH_CLASSES;
  readonly shape = [GLYPH_SIZE, GLYPH_SIZE, 1] as const;
  readonly #counts: Readonly<Record<SplitName, number>>;
  readonly #rng: Rng;

  constructor(options: GlyphsOptions = {}) {
    super();
    const { train, test, seed } = glyphsOptions.parse(options);
    this.#counts = { train, test };
    this.#rng = Rng.fromSeed(seed ?? 0).split('glyphs');
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const count = this.#counts[name];
    const size = GLYPH_SIZE * GLYPH_SIZE;
    const bytes = sharedBytes(count * size);
    const labels = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const rng = this.#rng.split(name, i);
      labels[i] = rng.int(GLYPH_CLASSES.length);
      drawGlyph(rng, labels[i]!, DEFAULT_DIFFICULTY, bytes.subarray(i * size, (i + 1) * size));
    }
    return Promise.resolve({
      images: new MemoryImages(bytes, this.shape),
      labels: () => Promise.resolve(labels.slice()),
    });
  }
}
