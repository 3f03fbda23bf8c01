export { inMemory, ReusableBuffer, type ByteSource } from './bytes/byte-source.js';
export type { Damaged } from './bytes/damaged.js';
export { fromBfloat16, fromFloat16, LARGEST_FLOAT16, roundToFloat16, toFloat16 } from './bytes/float16.js';
export { loadTree, loadVariables, toLazyTensor, type LazyTensor } from './bytes/lazy-tensor.js';
export { foreignFile, type ForeignFile } from './foreign/foreign-file.js';
export { damagedKeras } from './keras/hdf5.js';
export type { KerasModel, KerasModelLayer } from './keras/model.js';
export { isKeras, readKerasFile, type KerasFile } from './keras/read-keras-file.js';
export { snakeCase } from './keras/stored-layers.js';
export { encodeKerasFile } from './keras/write-keras-file.js';
export {
  decodeForeignMetadata,
  decodeWeightsMetadata,
  encodeWeightsMetadata,
  type WeightsMetadata,
} from './metadata/weights-metadata.js';
export type { OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode } from './onnx/onnx-graph.js';
export { unwrappedName } from './parts/wrappers.js';
export { NumpyArray, unpickleNumpy } from './pickle/numpy.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
  safetensorsPieces,
  type Safetensors,
} from './safetensors/safetensors.js';
export {
  isOwn,
  isSafetensors,
  readStateDict,
  type KernelLayout,
  type StateDict,
} from './state-dict/state-dict.js';
export type {
  GraphAttribute,
  GraphModel,
  GraphNodeDef,
  GraphWeight,
  SignatureEntry,
} from './tfjs/graph-model.js';
export { graphModelFiles, type GraphModelFile } from './tfjs/graph-model-files.js';
export { readTfjsFiles, type TfjsModel } from './tfjs/read-tfjs-files.js';
export { isTorchCheckpoint, openTorchCheckpoint, type TorchCheckpoint } from './torch/checkpoint.js';
