/** Internals of the lowering, for benchmarks and the documentation's table, and of the native build. Not part of the stable interface. */
export { hasNativeRuntime, nativeRemedy } from './engine/native-package.js';
export {
  fastestForm,
  filterGradientForms,
  forcedForm,
  suits,
  type FilterGradientForm,
} from './lower/filter-gradient.js';
export { kernels } from './lower/kernels.js';
