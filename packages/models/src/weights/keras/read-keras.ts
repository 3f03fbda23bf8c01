import { mapTree } from '@anc/core';
import { toLazyTensor, type ByteSource, damagedKeras, readKerasFile, type StateDict } from '@anc/formats';
import { foldDefaultEpsilons, foldEpsilons } from './epsilons.js';
import { foldPreprocessing } from './fold-preprocessing.js';

/**
 * The weights of a Keras model: `.keras`, `.weights.h5`, or the older `.h5`. Variables are named `<layer>/kernel`,
 * `<layer>/gamma` and so on, in the order of the layers. The epsilon of each batch norm is folded into its variance; for
 * a file that holds only weights it is Keras's default.
 * @throws `ANC_WEIGHTS` if the file is damaged
 */
export async function readKeras(source: ByteSource): Promise<StateDict> {
  const { tensors, topology, metadata } = await readKerasFile(source);
  if (Object.keys(tensors).length === 0) throw damagedKeras('it has no layers with variables');
  const folded = topology === null ? foldDefaultEpsilons(tensors) : foldEpsilons(tensors, topology);
  const configured = foldPreprocessing(tensors, topology);
  return {
    format: 'keras',
    layout: 'tensorflow',
    tensors: mapTree(tensors, toLazyTensor),
    metadata: { ...configured, ...metadata },
    topology,
    folded,
  };
}
