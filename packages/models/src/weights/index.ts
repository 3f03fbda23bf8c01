export { importTorch, importTorchInto, TORCH_NAME_MAPS, type ImportedNetwork } from './import-torch.js';
export { isTorchCheckpoint, readTorchCheckpoint } from './torch/checkpoint.js';
export { fillFromTorch, type NameMap } from './torch/name-map.js';
export { recogniseTorchResnet, resnetNames, type RecognisedModel } from './torch/resnet.js';
