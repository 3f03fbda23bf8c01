/** Internals of the lowering, for benchmarks and the documentation's table. Not part of the stable interface. */
export {
  fastestForm,
  filterGradientForms,
  forcedForm,
  suits,
  type FilterGradientForm,
} from './lower/filter-gradient.js';
export { kernels } from './lower/kernels.js';
