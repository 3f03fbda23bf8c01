import { crc32 } from 'node:zlib';
import { AncError, type HostTensor, type Tree } from '@anc/core';
import { withoutFrozen } from '@anc/core/internal';

/** A whole number that depends on every byte of a training state: it shows whether ranks have the same. */
export function checksumOf(state: Tree<HostTensor>): number {
  const trained = withoutFrozen(state);
  return Object.keys(trained)
    .sort()
    .reduce((sum, name) => {
      const { buffer, byteOffset, byteLength } = trained[name]!.data;
      return crc32(new Uint8Array(buffer, byteOffset, byteLength), sum);
    }, 0);
}

/** The error of ranks whose weights drifted apart. */
export const otherWeights = (): AncError =>
  new AncError('ANC_RANKS', 'the weights of the ranks are no longer the same.', {
    expected: 'updates that give the same bytes on all ranks',
    hint: 'start all ranks on processors of one kind, with the same backend and versions.',
  });
