import { registerFallbackKernels } from './fallback-kernels.js';
import { registerConv2dFilterGradient } from './conv2d-filter-gradient.js';
import { registerDepthwiseGradients } from './depthwise-gradients.js';
import { registerMaxPoolGradient } from './max-pool-gradient.js';

let registered = false;

/** Adds the kernels for training to tfjs's WebAssembly backend, once per process. */
export function registerTrainingKernels(): void {
  if (registered) return;
  registered = true;
  registerConv2dFilterGradient();
  registerDepthwiseGradients();
  registerMaxPoolGradient();
  registerFallbackKernels();
}
