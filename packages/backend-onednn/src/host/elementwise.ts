import { fraction, type FlatNode } from '../graph/flat-graph.js';
import { broadcastStrides, places, type HostOperator } from './host-operator.js';

const LIMIT = 3;

/** The error function: its series for small numbers, a continued fraction of 1 - erf(x) for large ones. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a > 6) return Math.sign(x);
  if (a < LIMIT) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fractionOf = 0;
  for (let n = 60; n > 0; n--) fractionOf = n / 2 / (a + fractionOf);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fractionOf));
}

/** To the nearest integer, halves to the even one. */
function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest < 0.5) return down;
  if (rest > 0.5) return down + 1;
  return down % 2 === 0 ? down : down + 1;
}

type Unary = (x: number, node: FlatNode) => number;

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

const UNARY: Readonly<Record<string, Unary>> = {
  Abs: Math.abs,
  Acos: Math.acos,
  Acosh: Math.acosh,
  Asin: Math.asin,
  Asinh: Math.asinh,
  Atan: Math.atan,
  Atanh: Math.atanh,
  Ceil: Math.ceil,
  Cos: Math.cos,
  Cosh: Math.cosh,
  Elu: (x, node) => (x > 0 ? x : fraction(node, 'alpha', 1) * Math.expm1(x)),
  Erf: erf,
  Exp: Math.exp,
  Floor: Math.floor,
  HardSigmoid: (x, node) =>
    Math.max(0, Math.min(1, fraction(node, 'alpha', 0.2) * x + fraction(node, 'beta', 0.5))),
  Identity: (x) => x,
  IsInf: (x) => Number(Math.abs(x) === Infinity),
  IsNaN: (x) => Number(Number.isNaN(x)),
  LeakyRelu: (x, node) => (x > 0 ? x : fraction(node, 'alpha', 0.01) * x),
  Log: Math.log,
  Neg: (x) => -x,
  Not: (x) => Number(x === 0),
  Reciprocal: (x) => 1 / x,
  Relu: (x) => Math.max(0, x),
  Round: roundEven,
  Selu: (x) => SELU.scale * (x > 0 ? x : SELU.alpha * Math.expm1(x)),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Sign: Math.sign,
  Sin: Math.sin,
  Sinh: Math.sinh,
  Softplus: (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))),
  Sqrt: Math.sqrt,
  Tan: Math.tan,
  Tanh: Math.tanh,
};

type Binary = (a: number, b: number) => number;

/** The sign of a remainder follows the divisor. */
const mod: Binary = (a, b) => a - b * Math.floor(a / b);

const BINARY: Readonly<Record<string, Binary>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
  Pow: (a, b) => a ** b,
  Mod: mod,
  Equal: (a, b) => Number(a === b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  And: (a, b) => a & b,
  Or: (a, b) => a | b,
  Xor: (a, b) => a ^ b,
};

const unary =
  (f: Unary): HostOperator =>
  ({ node, inputs: [x], outputs: [y] }) => {
    const [from, to] = [x!.data, y!.data];
    for (let i = 0; i < to.length; i++) to[i] = f(from[i]!, node);
  };

const binary =
  (f: Binary): HostOperator =>
  ({ inputs: [a, b], outputs: [y] }) => {
    const to = y!.data;
    const [left, right] = [a!, b!].map(({ shape }) => places(y!.shape, broadcastStrides(shape, y!.shape)));
    for (let i = 0; i < to.length; i++) to[i] = f(a!.data[left![i]!]!, b!.data[right![i]!]!);
  };

const where: HostOperator = ({ inputs, outputs: [y] }) => {
  const to = y!.data;
  const [at, first, second] = inputs.map((x) => places(y!.shape, broadcastStrides(x!.shape, y!.shape)));
  const [condition, a, b] = inputs.map((x) => x!.data);
  for (let i = 0; i < to.length; i++) {
    to[i] = condition![at![i]!] === 0 ? b![second![i]!]! : a![first![i]!]!;
  }
};

const clip: HostOperator = ({ inputs: [x, low, high], outputs: [y] }) => {
  const [least, most] = [low?.data[0] ?? -Infinity, high?.data[0] ?? Infinity];
  y!.data.forEach((_, i) => (y!.data[i] = Math.min(most, Math.max(least, x!.data[i]!))));
};

/** ONNX's number of the type of booleans. */
const BOOL = 9;

const cast: HostOperator = ({ node, inputs: [x], outputs: [y] }) => {
  const [from, to] = [x!.data, y!.data];
  const isBool = node.attributes['to'] === BOOL;
  const isFloat = to instanceof Float32Array;
  for (let i = 0; i < to.length; i++) {
    const value = from[i]!;
    to[i] = isBool ? Number(value !== 0) : isFloat ? value : Math.trunc(value);
  }
};

export const elementwiseOperators: Readonly<Record<string, HostOperator>> = {
  ...Object.fromEntries(Object.entries(UNARY).map(([op, f]) => [op, unary(f)])),
  ...Object.fromEntries(Object.entries(BINARY).map(([op, f]) => [op, binary(f)])),
  Where: where,
  Clip: clip,
  Cast: cast,
};
