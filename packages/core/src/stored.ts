import { AncError } from './error.js';
import type { Variables } from './network.js';
import { mapTree, specOf, type Host, type LeafSpec, type Tree } from './tree.js';

/** Bytes that need not be in memory: a file's, or an array's. */
export interface ByteSource {
  readonly length: number;
  /** The bytes from `begin` to before `end`, in an array of their own. Throws `ANC_FILE` where they are not there. */
  read(begin: number, end: number): Uint8Array<ArrayBuffer>;
}

/** A tensor that is read when it is wanted: of what it is, everything is known but its numbers. */
export interface Stored extends LeafSpec {
  load(): Host;
}

/** Bytes that are in memory as a source. */
export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read(begin, end) {
    if (begin < 0 || end > bytes.length || begin > end) {
      throw new AncError('ANC_FILE', `bytes ${begin} to ${end} are not among the ${bytes.length}.`);
    }
    return new Uint8Array(bytes.subarray(begin, end)); // a copy: `slice` of a Buffer would be a view
  },
});

/** A tensor that is in memory already. */
export const asStored = (host: Host): Stored => ({ ...specOf(host), load: () => host });

/** Reads all of a tree. */
export const loadTree = (tree: Tree<Stored>): Record<string, Host> =>
  mapTree(tree, (stored) => stored.load());

export const loadVariables = ({ params, stats }: Variables<Stored>): Variables<Host> => ({
  params: loadTree(params),
  stats: loadTree(stats),
});
