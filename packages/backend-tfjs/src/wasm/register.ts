import { borrowKernels } from './borrowed-kernels.js';
import { registerConv2dFilterGradient } from './conv2d-filter-gradient.js';
import { registerDepthwiseGradients } from './depthwise-gradients.js';
import { registerMaxPoolGradient } from './max-pool-gradient.js';

let registered = false;

/** Completes tfjs's WebAssembly backend so that it trains. Once per process. */
export function registerTrainingKernels(): void {
  if (registered) return;
  registered = true;
  registerConv2dFilterGradient();
  registerDepthwiseGradients();
  registerMaxPoolGradient();
  borrowKernels();
}
