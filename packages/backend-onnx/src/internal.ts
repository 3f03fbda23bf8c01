/** Internals of the native build. Not part of the stable interface. */
export { hasNativeRuntime, nativeRemedy } from './engine/native-package.js';
