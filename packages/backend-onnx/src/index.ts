export { OnnxBackend } from './backend.js';
export { exportOnnx, type ExportOptions } from './export.js';
export { BYTE_INPUT, openByteModel, type ByteModel, type ByteModelFacts } from './onnx-model/byte-model.js';
export { quantizeOnnx, type Feeds } from './onnx-model/calibrate.js';
export { inlineExternalData, type ReadExternal } from './onnx-model/external-data.js';
export { foldConstants } from './onnx-model/fold.js';
export { halfPrecision, onnxPrecision } from './onnx-model/half-precision.js';
export { onnxImageShape } from './onnx-model/image-shape.js';
export { readOnnxGraph } from './onnx-model/plain-graph.js';
export {
  readOnnxClassifier,
  type OnnxClassifier,
  type OnnxClassifierRequest,
} from './onnx-model/read-classifier.js';
export { onnxMetadata } from './onnx-model/proto.js';
export { OnnxDenseTeacher, type OnnxDenseTeacherRequest } from './onnx-model/onnx-dense-teacher.js';
export { OnnxTeacher, type OnnxTeacherFacts, type OnnxTeacherRequest } from './onnx-model/onnx-teacher.js';
export { onnxTeacherSchema, type OnnxTeacherOptions } from './onnx-model/teacher-options.js';
export type { OnnxBackendOptions, OnnxOptions } from './options.js';
export { default } from './plugin.js';
