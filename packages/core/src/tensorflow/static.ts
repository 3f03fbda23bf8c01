/**
 * TensorFlow.js, as bundles of these packages import it: `tools/build/compiling.mjs` puts this entry in the place of
 * `@tensorflow/tfjs-core`. Not part of the stable interface.
 */
export * from '@tensorflow/tfjs-core';
