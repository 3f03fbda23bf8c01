import { allEqual, numbersIn } from '../graph/attributes.js';
import { sameShape, type Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/value.js';

/** A max-pool whose windows lie side by side and fill the plane, and which gives positions as well. */
export function tilesPlane({ op, domain, outputs, inputs, attributes }: Node): boolean {
  if (op !== 'MaxPool' || domain !== '' || outputs.length !== 2) return false;
  const window = numbersIn(attributes, 'kernel_shape');
  const plane = window.map((size, axis) => outputs[0]!.shape[axis + 2]! * size);
  return (
    sameShape(plane, inputs[0]!.shape.slice(2)) &&
    allEqual(attributes, 'pads', 0) &&
    sameShape(numbersIn(attributes, 'strides'), window)
  );
}

/** The maximum of tensors of one shape. */
export const maximumOf = (graph: Graph, phases: readonly Value[]): Value =>
  phases.reduce((a, b) => graph.op('Max', [a, b], 'float32', a.shape));

/** dy where each phase is the first to reach the maximum `top`, 0 elsewhere: ties go as in tfjs's cpu backend. */
export function phaseGradients(graph: Graph, phases: readonly Value[], top: Value, dy: Value): Value[] {
  let left = dy;
  return phases.map((phase, i) => {
    if (i === phases.length - 1) return left;
    const first = graph.op('Equal', [phase, top], 'bool', top.shape);
    const mask = graph.op('Cast', [first], 'float32', top.shape, { to: 1 }); // Where runs on one thread
    const gradient = graph.op('Mul', [left, mask], 'float32', top.shape);
    left = graph.op('Sub', [left, gradient], 'float32', top.shape);
    return gradient;
  });
}
