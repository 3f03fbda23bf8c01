import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { openBest } from './best.js';
import { openCpu } from './cpu.js';
import { openNode } from './node.js';
import { noOptions, wasmSchema, type WasmOptions } from './options.js';
import { openWasm } from './wasm.js';

/** Registers `tfjs` (the best that starts) and its variants by name. */
export default function tfjsPlugin(): Plugin {
  return definePlugin({
    name: '@anc/backend-tfjs',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      tfjs: {
        summary: 'the best TensorFlow.js variant that starts: node-gpu, node, wasm, cpu',
        options: noOptions,
        create: () => openBest(),
      },
      'tfjs:node-gpu': {
        summary: "TensorFlow's C library on an NVIDIA GPU, op by op",
        options: noOptions,
        create: () => openNode('node-gpu'),
      },
      'tfjs:node': {
        summary: "TensorFlow's C library on the processor, op by op",
        options: noOptions,
        create: () => openNode('node'),
      },
      'tfjs:wasm': {
        summary: 'WebAssembly with SIMD, op by op; nothing to install',
        options: wasmSchema,
        create: (options: WasmOptions) => openWasm(options),
      },
      'tfjs:cpu': {
        summary: 'plain JavaScript, op by op: a reference, slow',
        options: noOptions,
        create: () => openCpu(),
      },
    },
  });
}

export { openBest, openCpu, openNode, openWasm };
export { noOptions, wasmSchema, type WasmOptions } from './options.js';
