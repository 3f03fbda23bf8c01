export { isTorchCheckpoint, readTorchCheckpoint } from './torch/checkpoint.js';
export { fillFromTorch, type NameMap } from './torch/name-map.js';
export { recogniseTorchResnet, resnetNames, type RecognisedModel } from './torch/resnet.js';
