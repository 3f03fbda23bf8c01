import { binaryKernels } from './binary.js';
import { convKernels } from './conv.js';
import { depthwiseKernels } from './depthwise.js';
import { indexingKernels } from './indexing.js';
import type { Kernel } from './kernel.js';
import { matmulKernels } from './matmul.js';
import { normKernels } from './norm.js';
import { poolKernels } from './pool.js';
import { reduceKernels } from './reduce.js';
import { resizeKernels } from './resize.js';
import { shapeKernels } from './shape.js';
import { softmaxKernels } from './softmax.js';
import { unaryKernels } from './unary.js';

/** Every tfjs kernel that can be compiled. */
export const kernels: readonly Kernel[] = [
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...softmaxKernels,
  ...matmulKernels,
  ...convKernels,
  ...depthwiseKernels,
  ...poolKernels,
  ...normKernels,
  ...shapeKernels,
  ...indexingKernels,
  ...resizeKernels,
];
