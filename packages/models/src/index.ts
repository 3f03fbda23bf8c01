export { cnn, cnnStudent, cnnTeacher, type CnnOptions } from './cnn.js';
export { parametersAndFlops, type Counts } from './counts.js';
export { exportGraphModel } from './graph-model/export-graph-model.js';
export { exportKerasModel } from './keras-model/export-keras-model.js';
export { runKerasModel } from './keras-model/run-keras-model.js';
export { lenet4, lenet5, type LenetOptions } from './lenet.js';
export { efficientnetLite, type EfficientnetLiteOptions } from './mobile/efficientnet-lite.js';
export { mobilenetV2, type MobilenetV2Options } from './mobile/mobilenet-v2.js';
export { mobilenetV3Large, mobilenetV3Small, type MobilenetV3Options } from './mobile/mobilenet-v3.js';
export { shufflenetV2, type ShufflenetV2Options } from './mobile/shufflenet-v2.js';
export { mobilenet, type MobilenetOptions } from './mobilenet.js';
export { nin, type NinOptions } from './nin.js';
export { networkFromOnnx, OnnxNetwork, type OnnxNetworkOptions } from './onnx-network/network.js';
export { default } from './plugin.js';
export { resnetModels } from './resnet/named.js';
export type { ResnetOptions } from './resnet/options.js';
export { resnet } from './resnet/resnet.js';
export { withChannelsReversed } from './weights/arrange/input-channels.js';
export type { NameMap } from './weights/arrange/name-map.js';
export { guessEnvironment, IMAGE_SIDES } from './weights/guess-environment.js';
export {
  importInto,
  mapNames,
  TORCH_NAME_MAPS,
  type Imported,
  type MapChoice,
} from './weights/import-into.js';
export { matchInto, type Matched } from './weights/match-into.js';
export { readKeras } from './weights/keras/read-keras.js';
export { readTfjsModel } from './weights/keras/read-tfjs-model.js';
export { recognizeKeras, type RecognizedKeras } from './weights/keras/recognize-keras.js';
export { recognizeTorch } from './weights/torch/recognize.js';
export type { RecognizedModel } from './weights/torch/recognized-model.js';
export { resnetNames } from './weights/torch/resnet.js';
export { unknownVariant } from './weights/torch/unknown-network.js';
