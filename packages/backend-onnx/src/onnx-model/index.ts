export { OnnxTeacher, onnxTeacherSchema } from './onnx-teacher.js';
export type { OnnxTeacherFacts, OnnxTeacherOptions, OnnxTeacherRequest } from './onnx-teacher.js';
export { onnxImageShape } from './image-shape.js';
export { foldConstants } from './fold.js';
export { quantizeOnnx, type Feeds } from './calibrate.js';
