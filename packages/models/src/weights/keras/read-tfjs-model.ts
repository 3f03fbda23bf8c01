import { mapTree } from '@anc/core';
import { toLazyTensor, readTfjsFiles, type StateDict } from '@anc/formats';
import { foldEpsilons } from './epsilons.js';
import { foldPreprocessing } from './fold-preprocessing.js';

/**
 * The weights of a TensorFlow.js model (LayersModel or GraphModel). Quantized weights become float32; the epsilon of a
 * batch norm is folded into its variance.
 * @param bytes the content of `model.json`
 * @param readShard reads one of the weight files that it lists
 * @throws `ANC_WEIGHTS` if the files do not match `model.json`
 */
export async function readTfjsModel(
  bytes: Uint8Array,
  readShard: (file: string) => Promise<Uint8Array>,
): Promise<StateDict> {
  const { tensors, topology, metadata } = await readTfjsFiles(bytes, readShard);
  const folded = foldEpsilons(tensors, topology);
  const configured = foldPreprocessing(tensors, topology);
  return {
    format: 'tfjs',
    layout: 'tensorflow',
    tensors: mapTree(tensors, toLazyTensor),
    metadata: { ...configured, ...metadata },
    topology,
    folded,
  };
}
