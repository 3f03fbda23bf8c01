import { POSITIVE_MASK } from '@anc/compiler/worker';
import { fraction, type FlatGraph, type FlatNode } from '../graph/flat-graph.js';
import type { Instruction, Operand, VectorOp } from './loop-nest.js';

/** Adds an instruction and returns its result. */
export type Emit = (op: VectorOp, ...args: readonly Operand[]) => Operand;

export const number = (value: number): Operand => ({ kind: 'number', value });

type Expression = (emit: Emit, args: readonly Operand[], node: FlatNode) => Operand;

const one =
  (op: VectorOp): Expression =>
  (emit, [a]) =>
    emit(op, a!);
const two =
  (op: VectorOp): Expression =>
  (emit, [a, b]) =>
    emit(op, a!, b!);

/** The operations that kernels compute, on vectors of four floats; booleans are all bits or none. */
const EXPRESSIONS: Readonly<Record<string, Expression>> = {
  Add: two('add'),
  Sub: two('sub'),
  Mul: two('mul'),
  Div: two('div'),
  Min: two('min'),
  Max: two('max'),
  Neg: one('neg'),
  Abs: one('abs'),
  Sqrt: one('sqrt'),
  Floor: one('floor'),
  Ceil: one('ceil'),
  Round: one('nearest'),
  Identity: (_, [x]) => x!,
  Expand: (_, [x]) => x!,
  Reciprocal: (emit, [x]) => emit('div', number(1), x!),
  Relu: (emit, [x]) => emit('greater', x!, number(0)),
  LeakyRelu: (emit, [x], node) =>
    emit('select', emit('mul', x!, number(fraction(node, 'alpha', 0.01))), x!, emit('lt', x!, number(0))),
  HardSigmoid: (emit, [x], node) => {
    const [alpha, beta] = [fraction(node, 'alpha', 0.2), fraction(node, 'beta', 0.5)];
    if (alpha === POSITIVE_MASK.alpha.float && beta === 0)
      return emit('and', emit('gt', x!, number(0)), number(1));
    const line = emit('add', emit('mul', x!, number(alpha)), number(beta));
    return emit('max', number(0), emit('min', number(1), line));
  },
  Clip: (emit, [x, low, high]) => emit('min', emit('max', x!, low!), high!),
  Sign: (emit, [x]) =>
    emit(
      'sub',
      emit('and', emit('gt', x!, number(0)), number(1)),
      emit('and', emit('lt', x!, number(0)), number(1)),
    ),
  Where: (emit, [condition, a, b]) => emit('select', a!, b!, condition!),
  Cast: (emit, [x]) => emit('and', x!, number(1)),
  Equal: two('eq'),
  Greater: two('gt'),
  GreaterOrEqual: two('ge'),
  Less: two('lt'),
  LessOrEqual: two('le'),
  And: two('and'),
  Or: two('or'),
  Xor: two('xor'),
  Not: one('not'),
  IsNaN: (emit, [x]) => emit('ne', x!, x!),
};

/** Operations of which only some inputs are operands: the rest describe the operation. */
const OPERANDS: Readonly<Record<string, number>> = { Expand: 1 };

const SUMS = new Set(['ReduceSum', 'ReduceMean']);

/** Whether an operation sums over axes; kernels compute that along with what is summed. */
export const isSum = ({ op }: FlatNode): boolean => SUMS.has(op);

/** Whether kernels compute an operation, given operands of types that they read. */
export const isKernelOperation = (op: string): boolean => Object.hasOwn(EXPRESSIONS, op) || SUMS.has(op);

/** The inputs that an operation computes with. */
export const operandsOf = ({ op, inputs }: FlatNode): readonly (number | null)[] =>
  inputs.slice(0, OPERANDS[op]);

/** Whether a kernel can compute a node with floats: of floats, or of booleans that are made of floats. */
export function isExpression(graph: FlatGraph, node: FlatNode): boolean {
  if (!Object.hasOwn(EXPRESSIONS, node.op) || node.outputs.length !== 1) return false;
  const typeOf = (value: number | null): string => (value === null ? '' : graph.values[value]!.type);
  const inputs = operandsOf(node).map(typeOf);
  const output = typeOf(node.outputs[0]!);
  if (output === 'bool') return inputs.every((type) => type === 'float32' || type === 'bool');
  if (output !== 'float32') return false;
  if (node.op === 'Cast') return inputs[0] === 'bool';
  if (node.op === 'Where') return inputs[0] === 'bool' && inputs.slice(1).every((type) => type === 'float32');
  return inputs.every((type) => type === 'float32');
}

export const expressionOf = (node: FlatNode, emit: Emit, args: readonly Operand[]): Operand =>
  EXPRESSIONS[node.op]!(emit, args, node);

/** Whether a value says where something holds: kernels compute it where they read it, instead of storing it. */
export const isCondition = (graph: FlatGraph, { op, attributes, outputs }: FlatNode): boolean =>
  graph.values[outputs[0]!]!.type === 'bool' ||
  (op === 'HardSigmoid' && JSON.stringify(attributes) === JSON.stringify(POSITIVE_MASK));

/** Collects instructions; the same one on the same operands is one. */
export class Instructions {
  readonly list: Instruction[] = [];
  readonly #known = new Map<string, Operand>();

  readonly emit: Emit = (op, ...args) => {
    const key = JSON.stringify([op, args]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made: Operand = { kind: 'result', index: this.list.length };
    this.list.push({ op, args });
    this.#known.set(key, made);
    return made;
  };
}
