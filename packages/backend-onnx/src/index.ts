export { OnnxBackend } from './backend.js';
export { onnxSchema, type OnnxOptions } from './options.js';
export { exportOnnx, type ExportOptions } from './export.js';
export { supportedKernels } from './trace/register.js';
export * from './onnx-model/index.js';
export { default } from './plugin.js';
