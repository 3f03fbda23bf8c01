import { integers, type FlatNode } from '../graph/flat-graph.js';

/** Strides, gaps between the elements of a window, and padding at the begin and the end. */
export function window(node: FlatNode) {
  const pads = integers(node, 'pads');
  const list = (name: string): readonly number[] =>
    integers(node, name).length > 0 ? integers(node, name) : [1, 1];
  return {
    strides: list('strides'),
    dilations: list('dilations').map((each) => each - 1),
    begin: [pads[0] ?? 0, pads[1] ?? 0],
    end: [pads[2] ?? 0, pads[3] ?? 0],
  };
}
