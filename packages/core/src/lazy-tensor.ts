import type { Variables } from './contracts/network.js';
import { AncError } from './errors/error.js';
import { mapTree, specOf, type HostTensor, type LeafSpec, type Tree } from './tree/tree.js';

/** Bytes that need not be in memory: a file's, or an array's. */
export interface ByteSource {
  readonly length: number;
  /**
   * The bytes from `begin` to before `end`, in an array of their own, or in the memory that is lent for it. Throws
   * `ANC_FILE` where they are not there.
   */
  read(begin: number, end: number, lent?: ReusableBuffer): Uint8Array<ArrayBuffer>;
}

/**
 * Memory for one reading after the other: what was read into it holds until the next. New memory for each is what the
 * collector of garbage is called for again and again.
 */
export class ReusableBuffer {
  #bytes = new Uint8Array(0);

  /** So many bytes, whatever is in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    return this.#bytes.subarray(0, length);
  }

  /** The same as numbers. */
  floats(length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.take(4 * length).buffer, 0, length);
  }
}

/** A tensor that is read when it is wanted: of what it is, everything is known but its numbers. */
export interface LazyTensor extends LeafSpec {
  /** With memory lent for it, the numbers may be in there, and hold until it is used again. */
  load(lent?: ReusableBuffer): HostTensor;
}

/** Bytes that are in memory as a source. */
export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read(begin, end, lent) {
    if (begin < 0 || end > bytes.length || begin > end) {
      throw new AncError('ANC_FILE', `bytes ${begin} to ${end} are not among the ${bytes.length}.`);
    }
    const own = lent?.take(end - begin) ?? new Uint8Array(end - begin);
    own.set(bytes.subarray(begin, end));
    return own;
  },
});

/** A tensor that is in memory already. */
export const toLazyTensor = (host: HostTensor): LazyTensor => ({ ...specOf(host), load: () => host });

/** Reads all of a tree. */
export const loadTree = (tree: Tree<LazyTensor>): Record<string, HostTensor> =>
  mapTree(tree, (stored) => stored.load());

export const loadVariables = ({ params, stats }: Variables<LazyTensor>): Variables<HostTensor> => ({
  params: loadTree(params),
  stats: loadTree(stats),
});
