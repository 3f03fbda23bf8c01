import type { OpCase } from './op-case.js';
import { elementwise, products, reductions, secondDerivatives } from './ops/arithmetic.js';
import { classification, normalisations } from './ops/classification.js';
import { layout } from './ops/layout.js';
import { convolutions, pools } from './ops/windows.js';

/** Every operation that networks, methods and discriminators use. */
export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...reductions,
  ...products,
  ...convolutions,
  ...pools,
  ...normalisations,
  ...classification,
  ...layout,
  ...secondDerivatives,
];
