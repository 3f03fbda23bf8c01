export { OnnxBackend } from './backend.js';
export { exportOnnx, type ExportOptions } from './export.js';
export { quantizeOnnx, type Feeds } from './onnx-model/calibrate.js';
export { foldConstants } from './onnx-model/fold.js';
export { onnxImageShape } from './onnx-model/image-shape.js';
export { OnnxTeacher, type OnnxTeacherFacts, type OnnxTeacherRequest } from './onnx-model/onnx-teacher.js';
export { onnxTeacherSchema, type OnnxTeacherOptions } from './onnx-model/teacher-options.js';
export type { OnnxOptions } from './options.js';
export { default } from './plugin.js';
