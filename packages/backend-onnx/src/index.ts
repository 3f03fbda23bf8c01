import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { OnnxBackend } from './backend.js';
import { acceleratorSchema, onnxSchema, type AcceleratorOptions, type OnnxOptions } from './options.js';
import { providers, type ProviderName } from './providers.js';

const accelerated = (name: ProviderName) => ({
  summary: providers[name].summary,
  options: acceleratorSchema,
  create: (options: AcceleratorOptions) =>
    OnnxBackend.create({ ...options, runtime: 'auto', executionProviders: [name, 'cpu'] }),
});

/** Registers the backend `onnx`, and `onnx:<execution provider>` for what is faster where it is there. */
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
      'onnx:webgpu': accelerated('webgpu'),
      'onnx:cuda': accelerated('cuda'),
      'onnx:dml': accelerated('dml'),
      'onnx:coreml': accelerated('coreml'),
    },
  });
}

export { OnnxBackend } from './backend.js';
export { onnxSchema, type OnnxOptions } from './options.js';
export { exportOnnx, type ExportOptions } from './export.js';
export { supportedKernels } from './lower/register.js';
export * from './onnx-model/index.js';
