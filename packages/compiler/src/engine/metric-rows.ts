import type { Tree } from '@anc/core';

/**
 * The metrics of each step by their names.
 *
 * @param values what an engine accumulated: one row per step, in the order of the names
 */
export function metricsOfRows(names: readonly string[], values: Float32Array): readonly Tree<number>[] {
  const rows = names.length === 0 ? 0 : values.length / names.length;
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(names.map((name, i) => [name, values[row * names.length + i]!])),
  );
}
