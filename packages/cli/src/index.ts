export { runProgram, type ProgramOptions } from './program.js';
export { defineConfig } from './config/define-config.js';
export type { ConfigOptions, Named } from './config/config-types.js';
