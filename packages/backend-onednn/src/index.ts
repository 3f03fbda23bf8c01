export { OnednnBackend } from './backend.js';
export type { OnednnOptions } from './options.js';
export { default } from './plugin.js';
