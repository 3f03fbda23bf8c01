/** Memory for the decoded images of one split: 256 MiB, 340,000 gray images of 28×28 or 1,780 of 224×224 in color. */
const MOST_BYTES = 2 ** 28;

/**
 * Decoded images [H, W, C] by index, so that small images are decoded once, not in every epoch: of small files, decoding
 * takes longer than a training step. Images that all together would not fit are not kept at all.
 */
export class RememberedPixels {
  readonly #size: number;
  readonly #known: Uint8Array;
  readonly #count: number;
  readonly #fits: boolean;
  #pixels: Uint8Array | null = null;

  /** `size`: bytes of a decoded image; `most`: bytes of all of them that are kept. */
  constructor(count: number, size: number, most = MOST_BYTES) {
    this.#count = count;
    this.#size = size;
    this.#fits = count * size <= most;
    this.#known = new Uint8Array(this.#fits ? count : 0);
  }

  /** The bytes of an image, or null if it is not known. */
  get(index: number): Uint8Array | null {
    return this.#known[index] === 1 ? this.#place(index) : null;
  }

  set(index: number, pixels: Uint8Array): void {
    if (!this.#fits) return;
    this.#place(index).set(pixels);
    this.#known[index] = 1;
  }

  #place(index: number): Uint8Array {
    this.#pixels ??= new Uint8Array(this.#count * this.#size); // allocated when the first image is read
    return this.#pixels.subarray(index * this.#size, (index + 1) * this.#size);
  }
}
