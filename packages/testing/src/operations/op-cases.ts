import type { OpCase } from './op-case.js';
import { elementwise, products, reductions, secondDerivatives } from './arithmetic.js';
import { classification, normalizations } from './classification.js';
import { layout } from './layout.js';
import { convolutions, pools } from './windows.js';

/** All operations that networks, methods and discriminators use. */
export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...reductions,
  ...products,
  ...convolutions,
  ...pools,
  ...normalizations,
  ...classification,
  ...layout,
  ...secondDerivatives,
];
