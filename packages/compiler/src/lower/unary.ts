import { POSITIVE_MASK } from '../graph/positive-mask.js';
import { kernel, type Kernel } from './kernel.js';
import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

/** Kernels that are one ONNX operator with the same meaning. */
const SAME: Readonly<Record<string, string>> = {
  Abs: 'Abs',
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Erf: 'Erf',
  Exp: 'Exp',
  Floor: 'Floor',
  Log: 'Log',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Selu: 'Selu',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Tan: 'Tan',
  Tanh: 'Tanh',
};

/** exp(x) - 1 without cancellation near 0: tanh(x/2)·(exp(x) + 1). */
function expm1(t: Tracer, x: TracedTensor): TracedTensor {
  const half = t.unary('Tanh', t.binary('Mul', x, t.number(0.5)));
  return t.binary('Mul', half, t.binary('Add', t.unary('Exp', x), t.number(1)));
}

/** log(1 + x) without cancellation near 0: 2·atanh(x / (2 + x)). */
function log1p(t: Tracer, x: TracedTensor): TracedTensor {
  const ratio = t.binary('Div', x, t.binary('Add', x, t.number(2)));
  return t.binary('Mul', t.unary('Atanh', ratio), t.number(2));
}

/**
 * 1 where x > 0, `alpha` elsewhere. Computed from relu(x), which exists already if this is its gradient: then nothing
 * else reads x, and the runtime can fuse the ReLU into what computes x.
 */
function step(t: Tracer, x: TracedTensor, alpha: number): TracedTensor {
  if (alpha === 0) return t.unary('HardSigmoid', t.unary('Relu', x), POSITIVE_MASK);
  return t.select(t.binary('Greater', x, t.number(0), 'bool'), t.number(1), t.number(alpha));
}

export const unaryKernels: readonly Kernel[] = [
  ...Object.entries(SAME).map(([name, op]) => kernel(name, op, ({ t, input }) => t.unary(op, input('x')))),
  kernel('Rsqrt', 'Sqrt, Reciprocal', ({ t, input }) => t.unary('Reciprocal', t.unary('Sqrt', input('x')))),
  kernel('Square', 'Mul', ({ t, input }) => t.binary('Mul', input('x'), input('x'))),
  kernel('Expm1', 'Tanh, Exp, Mul', ({ t, input }) => expm1(t, input('x'))),
  kernel('Log1p', 'Atanh, Div, Mul', ({ t, input }) => log1p(t, input('x'))),
  kernel('Relu6', 'Clip', ({ t, input }) => clip(t, input('x'), 0, 6)),
  kernel('ClipByValue', 'Clip', ({ t, input, attrs }) =>
    clip(t, input('x'), attrs['clipValueMin'] as number, attrs['clipValueMax'] as number),
  ),
  kernel('Elu', 'Elu', ({ t, input }) => t.unary('Elu', input('x'))),
  kernel('EluGrad', 'Where, Mul', ({ t, input }) => {
    const y = input('y');
    const derivative = t.select(
      t.binary('GreaterOrEqual', y, t.number(0), 'bool'),
      t.number(1),
      t.binary('Add', y, t.number(1)),
    );
    return t.binary('Mul', input('dy'), derivative);
  }),
  kernel('LeakyRelu', 'LeakyRelu', ({ t, input, attrs }) =>
    t.unary('LeakyRelu', input('x'), { alpha: { float: attrs['alpha'] as number } }),
  ),
  kernel('Prelu', 'Max, Min, Mul, Add', ({ t, input }) => {
    const [x, zero] = [input('x'), t.number(0)];
    const below = t.binary('Mul', t.binary('Min', x, zero), input('alpha'));
    return t.binary('Add', t.binary('Max', x, zero), below);
  }),
  kernel('Step', 'Relu, HardSigmoid', ({ t, input, attrs }) =>
    step(t, input('x'), (attrs['alpha'] as number | undefined) ?? 0),
  ),
  kernel('IsNan', 'IsNaN', ({ t, input }) => t.mapped('IsNaN', input('x'), 'bool')),
  kernel('IsInf', 'IsInf', ({ t, input }) => t.mapped('IsInf', input('x'), 'bool')),
  kernel('IsFinite', 'Sub, IsNaN, Not', ({ t, input }) =>
    // x - x is NaN exactly where x is not finite
    t.mapped('Not', t.mapped('IsNaN', t.binary('Sub', input('x'), input('x')), 'bool'), 'bool'),
  ),
  kernel('LogicalNot', 'Not', ({ t, input }) => t.mapped('Not', input('x'), 'bool')),
  kernel('Identity', '(nothing)', ({ input }) => input('x')),
  kernel('Cast', 'Cast', ({ t, input, attrs }) =>
    t.cast(input('x'), attrs['dtype'] as TracedTensor['dtype']),
  ),
];

export function clip(t: Tracer, x: TracedTensor, low: number, high: number): TracedTensor {
  const { graph } = t;
  const type = x.value.type;
  return {
    ...x,
    value: graph.op(
      'Clip',
      [x.value, graph.scalar(low, type), graph.scalar(high, type)],
      type,
      x.value.shape,
    ),
  };
}

/** An activation of tfjs's fused kernels, by its tfjs name. */
export function activate(
  t: Tracer,
  x: TracedTensor,
  name: string,
  slope: TracedTensor | null,
  leakyreluAlpha: number,
): TracedTensor {
  switch (name) {
    case 'linear':
      return x;
    case 'relu':
      return t.unary('Relu', x);
    case 'relu6':
      return clip(t, x, 0, 6);
    case 'elu':
      return t.unary('Elu', x);
    case 'sigmoid':
      return t.unary('Sigmoid', x);
    case 'leakyrelu':
      return t.unary('LeakyRelu', x, { alpha: { float: leakyreluAlpha } });
    default: {
      const zero = t.number(0);
      const below = t.binary('Mul', t.binary('Min', x, zero), slope!);
      return t.binary('Add', t.binary('Max', x, zero), below);
    }
  }
}
