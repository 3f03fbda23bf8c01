export { importInto, mapNames, TORCH_NAME_MAPS, type Imported, type MapChoice } from './import-into.js';
export type { NameMap } from './torch/name-map.js';
export { recogniseTorchResnet, resnetNames, type RecognisedModel } from './torch/resnet.js';
export { readKeras } from './keras/read-keras.js';
export { recogniseKeras, type RecognisedKeras } from './keras/recognise-keras.js';
export { readTfjsModel } from './read-tfjs-model.js';
export { withChannelsReversed } from './input-channels.js';
export { guessEnvironment, IMAGE_SIDES } from './guess-environment.js';
