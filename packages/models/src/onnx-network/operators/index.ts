import type { Operator } from '../values/call.js';
import { elementwise } from './elementwise.js';
import { normalizations } from './normalizations.js';
import { products } from './products.js';
import { shapes } from './shapes.js';
import { windows } from './windows.js';

/** The standard operators of which a trainable network can consist, by name. */
export const operators: Readonly<Record<string, Operator>> = {
  ...elementwise,
  ...windows,
  ...products,
  ...normalizations,
  ...shapes,
};
