import type { Attributes } from './value.js';

/** A list of numbers among the attributes; empty where there is none of this name. */
export const numbersIn = (attributes: Attributes, name: string): readonly number[] => {
  const found = attributes[name];
  return Array.isArray(found) ? (found as readonly number[]) : [];
};

/** Whether every number of such a list equals `wanted`. */
export const allEqual = (attributes: Attributes, name: string, wanted: number): boolean =>
  numbersIn(attributes, name).every((n) => n === wanted);

/** Whether two nodes have the same attributes, in whatever order and whichever objects hold them. */
export function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]))
  );
}
