import type { ConfigOptions } from './config-types.js';

/**
 * The options of `anc.config.ts`, for completion and type checks in editors.
 *
 * @returns its argument.
 */
export const defineConfig = (options: ConfigOptions): ConfigOptions => options;
