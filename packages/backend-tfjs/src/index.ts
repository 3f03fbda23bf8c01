export { openBest } from './best.js';
export { openCpu } from './cpu.js';
export { openNode } from './node.js';
export { openWasm } from './wasm.js';
export { noOptions, wasmSchema, type WasmOptions } from './options.js';
export { default } from './plugin.js';
