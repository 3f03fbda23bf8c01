/** Images of a split and their labels. */
export interface Drawn {
  readonly bytes: Uint8Array;
  readonly labels: Int32Array;
}

/** Splits that a process has drawn: several runs of one process use the same images. */
export class KeptSplits {
  /** The latest last. */
  readonly #kept = new Map<string, Drawn>();

  /** @param mostBytes of one split; a larger one is drawn again. */
  constructor(
    readonly most: number,
    readonly mostBytes: number,
  ) {}

  /** At least the first `count` images of a split; a shorter split is the beginning of a longer one. */
  of(key: string, count: number, draw: (count: number) => Drawn): Drawn {
    const known = this.#kept.get(key);
    const images = known !== undefined && known.labels.length >= count ? known : draw(count);
    if (images.bytes.length > this.mostBytes) return images;
    this.#kept.delete(key);
    this.#kept.set(key, images);
    if (this.#kept.size > this.most) this.#kept.delete(this.#kept.keys().next().value!);
    return images;
  }
}
