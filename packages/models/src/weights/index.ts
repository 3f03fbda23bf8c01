export { importInto, mapNames, TORCH_NAME_MAPS, type Imported, type MapChoice } from './import-into.js';
export { isOwn, readStateDict, type KernelLayout, type StateDict } from './state-dict.js';
export { isTorchCheckpoint, readTorchCheckpoint } from './torch/checkpoint.js';
export type { NameMap } from './torch/name-map.js';
export { recogniseTorchResnet, resnetNames, type RecognisedModel } from './torch/resnet.js';
export { isKeras, readKeras, readKerasArchive, type KerasArchive } from './keras/read-keras.js';
export { recogniseKeras, type RecognisedKeras } from './keras/recognise-keras.js';
export { readTfjsModel } from './tfjs-model.js';
export { guessEnvironment, IMAGE_SIDES } from './guess-environment.js';
