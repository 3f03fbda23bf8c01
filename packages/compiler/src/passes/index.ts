import { foldTranspose } from './fold-transpose.js';
import { fuseConvBias } from './fuse-conv-bias.js';
import { horizontalFusion } from './horizontal-fusion.js';
import { maskBeforeUnpool } from './mask-before-unpool.js';
import type { Pass } from './pass.js';
import { poolBeforeRelu } from './pool-before-relu.js';
import { poolChannelsLast } from './pool-channels-last.js';
import { poolConvInPhases } from './pool-conv-in-phases.js';
import { productsInFloat16 } from './products-in-float16.js';
import { propagateNchwc } from './propagate-nchwc.js';

/**
 * Every pass, in the order in which they run: first those on single operations, while a graph is traced, then those on
 * the whole graph.
 */
export const passes: readonly Pass[] = [
  fuseConvBias,
  poolBeforeRelu,
  maskBeforeUnpool,
  poolConvInPhases, // before the other pooling pass, which would take the same pools
  poolChannelsLast,
  propagateNchwc, // after all that leave something in NCHWc layout
  foldTranspose, // after the passes that write products
  horizontalFusion,
  productsInFloat16, // last: whatever products the others leave
];
