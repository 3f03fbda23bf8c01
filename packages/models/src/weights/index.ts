export { importInto, mapNames, TORCH_NAME_MAPS, type Imported, type MapChoice } from './import-into.js';
export type { NameMap } from './arrange/name-map.js';
export { recognizeTorchResnet, resnetNames, type RecognizedModel } from './torch/resnet.js';
export { readKeras } from './keras/read-keras.js';
export { recognizeKeras, type RecognizedKeras } from './keras/recognize-keras.js';
export { readTfjsModel } from './keras/read-tfjs-model.js';
export { withChannelsReversed } from './arrange/input-channels.js';
export { guessEnvironment, IMAGE_SIDES } from './guess-environment.js';
