export { openCpu } from './cpu.js';
export { openNode } from './node.js';
export type { WasmOptions } from './options.js';
export { default } from './plugin.js';
export { openWasm } from './wasm.js';
