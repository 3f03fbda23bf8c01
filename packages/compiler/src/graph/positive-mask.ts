import type { Attributes } from './value.js';

/**
 * Attributes of HardSigmoid max(0, min(1, αx + β)) as the mask x > 0, in one pass where a comparison and its cast take
 * two. The steepest α there is: above 2⁻¹²⁶, which is every normal number, αx is over 1.
 */
export const POSITIVE_MASK = { alpha: { float: 3e38 }, beta: { float: 0 } } as const satisfies Attributes;
