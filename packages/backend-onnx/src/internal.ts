/** Internals of the native build. Not part of the stable interface. */
export { hasNativeRuntime, nativeRemedy } from './engine/native-package.js';
export { Gate } from './engine/gate.js';
export { NativeApi } from './engine/native-api.js';
