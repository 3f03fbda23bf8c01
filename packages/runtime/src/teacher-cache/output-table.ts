const CHUNK_BYTES = 2 ** 20;
/** Memory of one entry of the index, measured on a Map of number to number. */
const INDEX_BYTES = 40;

/** In-memory table of vectors of one length, by number. Rows lie in chunks that are allocated as needed. */
export class OutputTable {
  readonly #rowsPerChunk: number;
  readonly #rows = new Map<number, number>();
  readonly #chunks: Float32Array[] = [];

  /** size: elements of one vector. */
  constructor(readonly size: number) {
    this.#rowsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / Math.max(1, size * 4)));
  }

  /** Memory of one more vector. */
  get entryBytes(): number {
    return this.size * 4 + INDEX_BYTES;
  }

  get bytes(): number {
    return this.#rows.size * this.entryBytes;
  }

  has(key: number): boolean {
    return this.#rows.has(key);
  }

  /** Copies the vector of `key` to `out`; the key must be there. */
  copy(key: number, out: Float32Array): void {
    out.set(this.#at(this.#rows.get(key)!));
  }

  /** Adds the vector of a key; one that is there already is kept, as a teacher computes the same one every time. */
  add(key: number, values: Float32Array): void {
    if (this.#rows.has(key)) return;
    const row = this.#rows.size;
    if (row % this.#rowsPerChunk === 0) this.#chunks.push(new Float32Array(this.#rowsPerChunk * this.size));
    this.#rows.set(key, row);
    this.#at(row).set(values);
  }

  /** All keys, in the order in which they were added. */
  keys(): IterableIterator<number> {
    return this.#rows.keys();
  }

  /** Removes what `keeps` is false for, and the memory that it took. */
  retain(keeps: (key: number) => boolean): void {
    const before = [...this.#rows];
    let row = 0;
    this.#rows.clear();
    for (const [key, from] of before) {
      if (!keeps(key)) continue;
      if (row !== from) this.#at(row).set(this.#at(from)); // rows only move forward
      this.#rows.set(key, row++);
    }
    this.#chunks.length = Math.ceil(row / this.#rowsPerChunk);
  }

  #at(row: number): Float32Array {
    const start = (row % this.#rowsPerChunk) * this.size;
    return this.#chunks[Math.floor(row / this.#rowsPerChunk)]!.subarray(start, start + this.size);
  }
}
