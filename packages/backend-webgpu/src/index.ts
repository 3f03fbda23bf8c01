export { openWebgpu } from './backend.js';
export { webgpuSchema, type WebgpuOptions } from './options.js';
export { default } from './plugin.js';
