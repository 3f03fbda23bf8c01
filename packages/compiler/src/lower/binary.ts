import { kernel, type Call, type Kernel } from './kernel.js';
import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

const SAME: Readonly<Record<string, string>> = {
  Add: 'Add',
  Maximum: 'Max',
  Minimum: 'Min',
  Multiply: 'Mul',
  Pow: 'Pow',
  RealDiv: 'Div',
  Sub: 'Sub',
};

const COMPARISON: Readonly<Record<string, string>> = {
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
};

const LOGICAL: Readonly<Record<string, string>> = { LogicalAnd: 'And', LogicalOr: 'Or', LogicalXor: 'Xor' };

/** Integers in place of booleans, which ONNX neither orders nor adds. */
const numeric = (t: Tracer, x: TracedTensor): TracedTensor => (x.dtype === 'bool' ? t.cast(x, 'int32') : x);

function operands({ t, input }: Call): [TracedTensor, TracedTensor] {
  return [numeric(t, input('a')), numeric(t, input('b'))];
}

/** a - b·floor(a / b): the sign follows the divisor, as in tfjs. */
function mod(t: Tracer, a: TracedTensor, b: TracedTensor): TracedTensor {
  if (a.dtype === 'int32') return t.binary('Mod', a, b);
  return t.binary('Sub', a, t.binary('Mul', b, t.unary('Floor', t.binary('Div', a, b))));
}

function floorDiv(t: Tracer, a: TracedTensor, b: TracedTensor): TracedTensor {
  if (a.dtype === 'float32') return t.unary('Floor', t.binary('Div', a, b));
  return t.binary('Div', t.binary('Sub', a, t.binary('Mod', a, b)), b);
}

export const binaryKernels: readonly Kernel[] = [
  ...Object.entries(SAME).map(([name, op]) =>
    kernel(name, op, (call) => {
      const [a, b] = operands(call);
      return call.t.binary(op, a, b);
    }),
  ),
  ...Object.entries(COMPARISON).map(([name, op]) =>
    kernel(name, op, (call) => {
      const [a, b] = operands(call);
      return call.t.binary(op, a, b, 'bool');
    }),
  ),
  ...Object.entries(LOGICAL).map(([name, op]) =>
    kernel(name, op, ({ t, input }) => t.binary(op, input('a'), input('b'), 'bool')),
  ),
  kernel('NotEqual', 'Equal, Not', (call) => {
    const [a, b] = operands(call);
    return call.t.mapped('Not', call.t.binary('Equal', a, b, 'bool'), 'bool');
  }),
  kernel('SquaredDifference', 'Sub, Mul', (call) => {
    const [a, b] = operands(call);
    const difference = call.t.binary('Sub', a, b);
    return call.t.binary('Mul', difference, difference);
  }),
  kernel('FloorDiv', 'Div, Floor', (call) => floorDiv(call.t, ...operands(call))),
  kernel('Mod', 'Div, Floor, Mul, Sub', (call) => mod(call.t, ...operands(call))),
  kernel('AddN', 'Add', ({ t, list }) => list.reduce((sum, x) => t.binary('Add', sum, x))),
  kernel('Select', 'Where', ({ t, input }) => {
    const [condition, whenTrue] = [input('condition'), input('t')];
    // A vector of conditions selects whole rows.
    const rows = [...condition.shape, ...whenTrue.shape.slice(condition.shape.length).map(() => 1)];
    return t.select(t.reshape(condition, rows), whenTrue, input('e'));
  }),
];
