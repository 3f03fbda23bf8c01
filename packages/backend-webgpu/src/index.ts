export { openWebgpu } from './backend.js';
export type { WebgpuOptions } from './options.js';
export { default } from './plugin.js';
