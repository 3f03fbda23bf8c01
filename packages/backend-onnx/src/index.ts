import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { OnnxBackend } from './backend.js';
import { onnxSchema, type OnnxOptions } from './options.js';

/** Registers the backend `onnx`. */
export default function onnxPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-onnx',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      onnx: {
        summary: 'compiles steps to ONNX graphs and runs them in ONNX Runtime',
        options: onnxSchema,
        create: (options: OnnxOptions) => OnnxBackend.create(options),
      },
    },
  });
}

export { OnnxBackend } from './backend.js';
export { onnxSchema, type OnnxOptions } from './options.js';
export { exportOnnx, type ExportOptions } from './export.js';
export { supportedKernels } from './lower/register.js';
