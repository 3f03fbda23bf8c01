import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { noOptions, wasmSchema, type WasmOptions } from './options.js';

/** Registers `tfjs` (the best variant that starts) and its variants by name. */
export default function tfjsPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-tfjs',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      tfjs: {
        summary: 'the best TensorFlow.js variant that starts: node-gpu, node, wasm, cpu',
        options: noOptions,
        create: async () => await (await import('./best.js')).openBest(),
      },
      'tfjs:node-gpu': {
        summary: "TensorFlow's C library on an NVIDIA GPU, op by op",
        options: noOptions,
        create: async () => await (await import('./node.js')).openNode('node-gpu'),
      },
      'tfjs:node': {
        summary: "TensorFlow's C library on the processor, op by op",
        options: noOptions,
        create: async () => await (await import('./node.js')).openNode('node'),
      },
      'tfjs:wasm': {
        summary: 'WebAssembly with SIMD, op by op; nothing to install',
        options: wasmSchema,
        create: async (options: WasmOptions) => await (await import('./wasm.js')).openWasm(options),
      },
      'tfjs:cpu': {
        summary: 'plain JavaScript, op by op: a reference, slow',
        options: noOptions,
        create: async () => await (await import('./cpu.js')).openCpu(),
      },
    },
  });
}
