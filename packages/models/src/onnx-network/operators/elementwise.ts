import * as tf from '@tensorflow/tfjs-core';
import type { Call, Operator } from '../values/call.js';
import { combineKnown, mapKnown, MOST_ON_HOST } from '../values/known-values.js';
import {
  dimsOf,
  inOrder,
  laid,
  naturalOrder,
  onBackend,
  reshaped,
  type Laid,
  type Value,
} from '../values/value.js';

/** A function of a tensor and the same of a number. */
interface Unary {
  readonly tensor: (x: tf.Tensor, call: Call) => tf.Tensor;
  readonly number?: (x: number) => number;
}

const unary =
  ({ tensor, number }: Unary): Operator =>
  (call) => {
    const value = call.input(0);
    if (value.kind === 'known' && number && value.data.length <= MOST_ON_HOST) return mapKnown(value, number);
    const { x, order } = onBackend(value);
    return laid(tensor(x, call), order);
  };

/** max(0, min(1, α·x + β)). */
const hardSigmoid = (x: tf.Tensor, alpha: number, beta: number): tf.Tensor =>
  tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);

/** x·Φ(x), or its approximation by tanh (Hendrycks & Gimpel 2016, arXiv 1606.08415). */
function gelu(x: tf.Tensor, approximate: string): tf.Tensor {
  const inner =
    approximate === 'tanh'
      ? tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)))
      : tf.erf(tf.mul(x, Math.SQRT1_2));
  return tf.mul(tf.mul(x, 0.5), tf.add(inner, 1));
}

/** Brings two values into one layout: that of the larger one, with axes of size 1 in front of the other's. */
function together(a: Value, b: Value): { a: tf.Tensor; b: tf.Tensor; order: readonly number[] } {
  const rank = Math.max(dimsOf(a).length, dimsOf(b).length);
  const [left, right] = [withRank(a, rank), withRank(b, rank)];
  const { order } = left.x.size >= right.x.size ? left : right;
  return { a: inOrder(left, order), b: inOrder(right, order), order };
}

function withRank(value: Value, rank: number): Laid {
  const own = onBackend(value);
  const more = rank - own.order.length;
  if (more === 0) return own;
  return laid(reshaped(own.x, [...naturalOrder(more).map(() => 1), ...own.x.shape]), [
    ...naturalOrder(more),
    ...own.order.map((axis) => axis + more),
  ]);
}

/** Combines two values element by element, with broadcasting. */
export function combine(
  call: Call,
  a: Value,
  b: Value,
  tensor: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  number: (a: number, b: number) => number,
  type?: 'integer',
): Value {
  if (a.kind === 'known' && b.kind === 'known' && Math.max(a.data.length, b.data.length) <= MOST_ON_HOST) {
    const both = combineKnown(a, b, number, type);
    if (both !== null) return both;
  } else {
    const both = together(a, b);
    try {
      tf.broadcast_util.assertAndGetBroadcastShape(both.a.shape, both.b.shape);
      return laid(tensor(both.a, both.b), both.order);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('Operands could not be broadcast'))
        throw error;
    }
  }
  throw call.error(`shapes [${dimsOf(a).join(', ')}] and [${dimsOf(b).join(', ')}] do not fit`);
}

type Binary = readonly [
  tensor: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  number: (a: number, b: number) => number,
];

const ADD: Binary = [tf.add, (a, b) => a + b];
const MAX: Binary = [tf.maximum, Math.max];
const MIN: Binary = [tf.minimum, Math.min];

const binary =
  ([tensor, number]: Binary): Operator =>
  (call) =>
    combine(call, call.input(0), call.input(1), tensor, number);

const compare =
  ([tensor, number]: readonly [Binary[0], (a: number, b: number) => boolean]): Operator =>
  (call) =>
    combine(call, call.input(0), call.input(1), tensor, (a, b) => Number(number(a, b)), 'integer');

/** Of any number of inputs. */
const folded =
  ([tensor, number]: Binary): Operator =>
  (call) =>
    call.inputs
      .slice(1)
      .reduce<Value>((sum, _, i) => combine(call, sum, call.input(i + 1), tensor, number), call.input(0));

/** Division: of two integers it is rounded toward zero. */
const divide: Operator = (call) => {
  const [a, b] = [call.input(0), call.input(1)];
  const whole = a.kind === 'known' && b.kind === 'known' && a.type === 'integer' && b.type === 'integer';
  return combine(call, a, b, tf.div, (x, y) => (whole ? Math.trunc(x / y) : x / y));
};

const power: Operator = (call) => {
  const [a, b] = [call.input(0), call.input(1)];
  if (a.kind === 'laid' && b.kind === 'known' && b.data.length === 1) {
    const exponent = b.data[0]!;
    if (exponent === 2) return laid(tf.square(a.x), a.order);
    if (exponent === 0.5) return laid(tf.sqrt(a.x), a.order);
    if (exponent === 3) return laid(tf.mul(tf.square(a.x), a.x), a.order);
  }
  return combine(call, a, b, tf.pow, Math.pow);
};

const clip: Operator = (call) => {
  const bound = (index: number, name: string, open: number): number =>
    call.numbers(index)?.[0] ?? call.number(name, open);
  const [least, most] = [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)];
  const value = call.input(0);
  if (value.kind === 'known') return mapKnown(value, (x) => Math.min(Math.max(x, least), most));
  const { x, order } = value;
  if (least === 0 && most >= 3.4e38) return laid(tf.relu(x), order);
  if (least === 0 && most === 6) return laid(tf.relu6(x), order);
  const finite = (bound: number): number => Math.min(Math.max(bound, -3.4e38), 3.4e38);
  return laid(tf.clipByValue(x, finite(least), finite(most)), order);
};

const where: Operator = (call) => {
  const [condition, a, b] = [call.input(0), call.input(1), call.input(2)];
  if (condition.kind === 'known' && a.kind === 'known' && b.kind === 'known') {
    const chosen = combine(call, condition, a, tf.mul, (c, x) => (c ? x : NaN));
    const other = combine(call, condition, b, tf.mul, (c, x) => (c ? NaN : x));
    return combine(call, chosen, other, tf.add, (x, y) => (Number.isNaN(x) ? y : x));
  }
  const values = together(a, b);
  const both = together(condition, laid(tf.zerosLike(tf.add(values.a, values.b)), values.order));
  return laid(
    tf.where(
      tf.cast(both.a, 'bool'),
      inOrder(laid(values.a, values.order), both.order),
      inOrder(laid(values.b, values.order), both.order),
    ),
    both.order,
  );
};

/** In training, elements are zeroed with the node's probability; in inference they pass. */
const dropout: Operator = (call) => {
  const value = call.input(0);
  const { context } = call.around;
  const ratio = call.numbers(1)?.[0] ?? call.number('ratio', 0.5);
  if (!context.training || ratio === 0 || value.kind === 'known') return value;
  const keep = 1 - ratio;
  const name = `dropout/${call.node.name || call.node.outputs[0]!}`;
  const mask = context.noise(name, value.x.shape, { kind: 'bernoulli', keep });
  return laid(tf.div(tf.mul(value.x, mask), keep), value.order);
};

/** ONNX's numbers of the floating-point types. */
const FLOATS = [1, 10, 11, 16];

const cast: Operator = (call) => {
  const value = call.input(0);
  const isFloat = FLOATS.includes(call.number('to', 1));
  if (value.kind === 'known')
    return isFloat ? { ...value, type: 'float' } : mapKnown(value, Math.trunc, 'integer');
  if (isFloat) return laid(tf.cast(value.x, 'float32'), value.order);
  if (value.x.dtype === 'bool') return value;
  throw call.error('it rounds values that depend on the image');
};

/** x where it is above 0, α·x elsewhere. α broadcasts, as a weight per channel. */
const prelu: Operator = (call) => {
  const value = onBackend(call.input(0));
  const positive = laid(tf.relu(value.x), value.order);
  const negative = laid(tf.neg(tf.relu(tf.neg(value.x))), value.order);
  return combine(call, positive, combine(call, negative, call.input(1), tf.mul, NaN_), tf.add, NaN_);
};
const NaN_ = (): number => NaN;

export const elementwise: Readonly<Record<string, Operator>> = {
  Relu: unary({ tensor: tf.relu, number: (x) => Math.max(0, x) }),
  LeakyRelu: unary({ tensor: (x, call) => tf.leakyRelu(x, call.number('alpha', 0.01)) }),
  PRelu: prelu,
  Elu: unary({
    tensor: (x, call) => {
      const alpha = call.number('alpha', 1);
      return alpha === 1 ? tf.elu(x) : tf.add(tf.relu(x), tf.mul(tf.elu(tf.neg(tf.relu(tf.neg(x)))), alpha));
    },
  }),
  Selu: unary({ tensor: tf.selu }),
  Sigmoid: unary({ tensor: tf.sigmoid }),
  HardSigmoid: unary({
    tensor: (x, call) => hardSigmoid(x, call.number('alpha', 0.2), call.number('beta', 0.5)),
  }),
  HardSwish: unary({ tensor: (x) => tf.mul(x, hardSigmoid(x, 1 / 6, 0.5)) }),
  Swish: unary({ tensor: (x, call) => tf.mul(x, tf.sigmoid(tf.mul(x, call.number('alpha', 1)))) }),
  Mish: unary({ tensor: (x) => tf.mul(x, tf.tanh(tf.softplus(x))) }),
  Gelu: unary({ tensor: (x, call) => gelu(x, call.text('approximate', 'none')) }),
  Softplus: unary({ tensor: tf.softplus }),
  Softsign: unary({ tensor: (x) => tf.div(x, tf.add(tf.abs(x), 1)) }),
  Tanh: unary({ tensor: tf.tanh }),
  Erf: unary({ tensor: tf.erf }),
  Exp: unary({ tensor: tf.exp, number: Math.exp }),
  Log: unary({ tensor: tf.log, number: Math.log }),
  Sqrt: unary({ tensor: tf.sqrt, number: Math.sqrt }),
  Reciprocal: unary({ tensor: tf.reciprocal, number: (x) => 1 / x }),
  Neg: unary({ tensor: tf.neg, number: (x) => -x }),
  Abs: unary({ tensor: tf.abs, number: Math.abs }),
  Floor: unary({ tensor: tf.floor, number: Math.floor }),
  Ceil: unary({ tensor: tf.ceil, number: Math.ceil }),
  Sin: unary({ tensor: tf.sin, number: Math.sin }),
  Cos: unary({ tensor: tf.cos, number: Math.cos }),
  Not: unary({ tensor: (x) => tf.logicalNot(tf.cast(x, 'bool')), number: (x) => Number(!x) }),
  Identity: (call) => call.input(0),
  Dropout: dropout,
  Cast: cast,
  CastLike: (call) => call.input(0),
  Clip: clip,
  Add: binary(ADD),
  Sub: binary([tf.sub, (a, b) => a - b]),
  Mul: binary([tf.mul, (a, b) => a * b]),
  Div: divide,
  Pow: power,
  Mod: binary([tf.mod, (a, b) => a - b * Math.floor(a / b)]),
  Max: folded(MAX),
  Min: folded(MIN),
  Sum: folded(ADD),
  Mean: (call) => {
    const sum = folded(ADD)(call) as Value;
    const { x, order } = onBackend(sum);
    return laid(tf.div(x, call.inputs.length), order);
  },
  Equal: compare([tf.equal, (a, b) => a === b]),
  Greater: compare([tf.greater, (a, b) => a > b]),
  GreaterOrEqual: compare([tf.greaterEqual, (a, b) => a >= b]),
  Less: compare([tf.less, (a, b) => a < b]),
  LessOrEqual: compare([tf.lessEqual, (a, b) => a <= b]),
  And: compare([tf.logicalAnd, (a, b) => a !== 0 && b !== 0]),
  Or: compare([tf.logicalOr, (a, b) => a !== 0 || b !== 0]),
  Where: where,
};
