import { AncError, mapTree, type Tree } from '@anc/core';
import { firstNotFinite } from '@anc/core/internal';
import type { LazyTensor } from '@anc/formats';

/**
 * The same tensors, whose numbers are looked at when they are read: loading throws `ANC_WEIGHTS` where one of them
 * is NaN or infinite, and names the tensor.
 */
export const finite = (tensors: Tree<LazyTensor>): Record<string, LazyTensor> =>
  mapTree(tensors, (stored, name) => ({
    ...stored,
    load(lent) {
      const host = stored.load(lent);
      const at = firstNotFinite(host.data);
      if (at !== -1) throw notFinite(name, host.data[at]!, at);
      return host;
    },
  }));

const notFinite = (name: string, value: number, at: number): AncError =>
  new AncError('ANC_WEIGHTS', `the tensor "${name}" holds numbers that are not finite.`, {
    expected: 'weights that are numbers',
    received: `${value}, its number ${at + 1}`,
    hint: 'the training diverged, or the file is damaged: import another checkpoint.',
  });
