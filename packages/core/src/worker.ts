/**
 * What a backend uses on its thread. Loads nothing else, least of all TensorFlow.js, so that the thread starts soon. Not part of
 * the stable interface, as `@anc/core/internal`.
 */
export { AncError } from './errors/error.js';
export {
  importKoffi,
  KOFFI,
  KOFFI_PACKAGE,
  type CFunction,
  type CLibrary,
  type Koffi,
} from './machine/koffi.js';
export { importError } from './machine/optional-package.js';
export { installable, platformName, type NativePackage } from './machine/platform.js';
export { answerCalls } from './threads/answer-calls.js';
export { builtFile } from './threads/built-file.js';
export type { Answers, ThreadReply, ThreadRequest } from './threads/calls.js';
export { sizeOf } from './tree/tree.js';
