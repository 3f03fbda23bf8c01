import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import {
  acceleratorSchema,
  cudaSchema,
  onnxSchema,
  type AcceleratorOptions,
  type OnnxBackendOptions,
  type OnnxOptions,
} from './options.js';
import { providers, type ProviderName } from './provider-list.js';

export { onnxTeacherSchema } from './onnx-model/teacher-options.js';

const open = async (options: Partial<OnnxBackendOptions>) =>
  await (await import('./backend.js')).OnnxBackend.create(options);

const accelerated = (name: ProviderName, options: typeof acceleratorSchema = acceleratorSchema) => ({
  summary: providers[name].summary,
  options,
  create: (options: AcceleratorOptions) =>
    open({ ...options, runtime: 'auto', executionProviders: [name, 'cpu'] }),
});

/** Registers the backend `onnx`, and `onnx:<execution provider>` for accelerators. */
export default function onnxPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-onnx',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      onnx: {
        summary: 'compiles steps to ONNX graphs and runs them in ONNX Runtime',
        options: onnxSchema,
        create: (options: OnnxOptions) => open(options),
      },
      'onnx:webgpu': accelerated('webgpu'),
      'onnx:cuda': accelerated('cuda', cudaSchema),
      'onnx:dml': accelerated('dml'),
      'onnx:coreml': accelerated('coreml'),
    },
  });
}
