import { AncError } from '../errors/error.js';
import { sizeOf, specOf, type HostTensor, type LeafSpec, type Tree } from './tree.js';

const describe = ({ shape, dtype }: LeafSpec): string => `${dtype} [${shape.join(', ')}]`;

/**
 * Throws `ANC_FEED` where an entry of `spec`, which a step or function was compiled for, is missing from `given`, or has
 * another shape or type there.
 * @param what names an entry in errors: "the input"
 */
export function assertFeed(what: string, given: Tree<HostTensor>, spec: Tree<LeafSpec>): void {
  for (const [name, wanted] of Object.entries(spec)) {
    const host = given[name];
    if (host === undefined) {
      throw new AncError('ANC_FEED', `${what} "${name}" is missing.`, { expected: describe(wanted) });
    }
    const received = specOf(host);
    if (describe(received) !== describe(wanted) || host.data.length !== sizeOf(wanted.shape)) {
      throw new AncError('ANC_FEED', `${what} "${name}" has another shape or type than was compiled.`, {
        expected: describe(wanted),
        received: `${describe(received)} with ${host.data.length} elements`,
      });
    }
  }
}
