import type { AncError, Context, Step, TensorFunction } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { reachable } from '../src/graph/graph.js';
import { traceChecked, traceFunction } from '../src/trace/trace-function.js';
import { traceStep } from '../src/trace/trace-step.js';

/** What a careless author does. */
// eslint-disable-next-line no-restricted-properties -- what is refused
const unseeded = (): number => Math.random();

const image = { shape: [2, 6, 6, 3], dtype: 'float32' } as const;
const filter = { shape: [3, 3, 3, 4], dtype: 'float32' } as const;

/** How often each operator is in a function's graph. */
function operations(
  f: TensorFunction,
  inputs: Parameters<typeof traceFunction>[1]['inputs'] = { x: image, w: filter },
): Record<string, number> {
  const { graph, outputs } = traceFunction(f, { id: 'test', inputs });
  const counts: Record<string, number> = {};
  for (const { op } of reachable(
    graph,
    outputs.map(({ value }) => value),
  ))
    counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

const conv = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as AncError).code;
  }
  return 'none';
}

describe('the graph', () => {
  it('contains an expression once', () => {
    const counts = operations(({ x, w }) => ({
      y: tf.add(tf.relu(conv(x!, w!)), tf.exp(tf.relu(conv(x!, w!)))),
    }));
    expect(counts['Conv']).toBe(1);
    expect(counts['Relu']).toBe(1);
  });

  it('contains nothing that no output needs', () => {
    const counts = operations(({ x, w }) => {
      conv(x!, w!);
      return { y: tf.neg(x!) };
    });
    expect(counts).toEqual({ Neg: 1 });
  });

  it('folds constants and drops operations without effect', () => {
    const counts = operations(({ x }) => {
      const scaled = tf.mul(tf.add(x!, tf.zeros([2, 6, 6, 3])), tf.ones([3]));
      return {
        y: tf.neg(
          tf.reshape(
            tf.reshape(tf.transpose(tf.transpose(scaled, [3, 0, 1, 2]), [1, 2, 3, 0]), [72, 3]),
            [2, 6, 6, 3],
          ),
        ),
      };
    });
    expect(counts).toEqual({ Neg: 1 });
  });

  it('keeps one layout from convolution to convolution', () => {
    const counts = operations(({ x, w, v, b }) => ({ y: conv(tf.relu(tf.add(conv(x!, w!), b!)), v!) }), {
      x: image,
      w: filter,
      v: { shape: [3, 3, 4, 4], dtype: 'float32' },
      b: { shape: [4], dtype: 'float32' },
    });
    // the image, both filters, and the output
    expect(counts['Transpose']).toBe(4);
    expect(counts['Add']).toBeUndefined();
  });

  it('stores no tensor of ones for a gradient', () => {
    const counts = operations(({ x }) => ({ y: tf.grad((z) => tf.mean(tf.square(z)))(x!) }), { x: image });
    expect(counts).toEqual({ Mul: 1 });
  });
});

describe('what cannot be compiled', () => {
  it('names an unsupported operation, its line and the supported ones', () => {
    const trace = (): unknown =>
      traceFunction(({ x }) => ({ y: tf.spectral.rfft(x!) }), { id: 'f', inputs: { x: image } });
    expect(codeOf(trace)).toBe('ANC_COMPILE_UNSUPPORTED');
    try {
      trace();
    } catch (error) {
      expect((error as AncError).message).toContain('trace.test.ts');
      expect((error as AncError).detail.expected).toContain('Conv2D');
    }
  });

  it('refuses to read a value', () => {
    const trace = (): unknown =>
      traceFunction(({ x }) => ({ y: tf.sum(x!).dataSync()[0]! > 0 ? x! : tf.neg(x!) }), {
        id: 'f',
        inputs: { x: image },
      });
    expect(codeOf(trace)).toBe('ANC_COMPILE_READ');
    expect(trace).toThrow(/trace\.test\.ts:\d+/);
  });

  it('refuses shapes that do not broadcast, with the line', () => {
    const trace = (): unknown =>
      traceFunction(({ x }) => ({ y: tf.add(x!, tf.zeros([5, 1])) }), { id: 'f', inputs: { x: image } });
    expect(codeOf(trace)).toBe('ANC_SHAPE');
    expect(trace).toThrow(/\[2, 6, 6, 3\] and \[5, 1\].*trace\.test\.ts:\d+/);
  });

  it('catches randomness and time', () => {
    let calls = 0;
    const functions: TensorFunction[] = [
      ({ x }) => ({ y: tf.mul(x!, calls++) }),
      ({ x }) => ({ y: tf.mul(x!, tf.randomUniform([3])) }),
      ({ x }) => ({ y: tf.dropout(x!, 0.5) }),
      ({ x }) => ({ y: tf.mul(x!, new Date().getMinutes()) }),
      ({ x }) => ({ y: calls++ % 2 === 0 ? tf.neg(x!) : x! }),
    ];
    for (const f of functions) {
      const trace = (): unknown => traceChecked(f, { id: 'f', inputs: { x: image } }, {}, {}, {});
      expect(codeOf(trace)).toBe('ANC_COMPILE_IMPURE');
    }
  });

  it('names the line that asks for a random number', () => {
    const f: TensorFunction = ({ x }) => ({ y: tf.mul(x!, unseeded()) });
    expect(() => traceChecked(f, { id: 'f', inputs: { x: image } }, {}, {}, {})).toThrow(
      expect.objectContaining({
        detail: expect.objectContaining({
          received: expect.stringMatching(/it uses Math\.random at .*trace\.test\.ts:\d+/) as string,
        }) as object,
      }),
    );
  });

  it.each([
    [undefined, 2],
    [true, 2],
    [false, 1],
  ])('runs the code as often as repeats = %s says: %i', (repeats, times) => {
    let ran = 0;
    const f: TensorFunction = ({ x }) => {
      ran++;
      return { y: tf.relu(x!) };
    };
    traceChecked(f, { id: 'f', inputs: { x: image } }, {}, {}, { repeats });
    expect(ran).toBe(times);
  });

  it('catches a tensor kept from an earlier trace', () => {
    let kept: tf.Tensor | null = null;
    const f: TensorFunction = ({ x }) => {
      kept ??= tf.keep(tf.neg(x!));
      return { y: tf.add(x!, kept) };
    };
    const trace = (): unknown => traceChecked(f, { id: 'f', inputs: { x: image } }, {}, {}, {});
    expect(codeOf(trace)).toBe('ANC_COMPILE_IMPURE');
  });
});

describe('a traced step', () => {
  const leaf = { shape: [3], dtype: 'float32' } as const;
  const step = (update: (w: tf.Tensor, context: Context) => Record<string, tf.Tensor>): Step => ({
    id: 'toy',
    phases: [
      {
        name: 'only',
        gradients: (state, _batch, _hyper, context) => ({
          grads: update(state['w']!, context),
          stats: {},
          metrics: {},
        }),
        update: (_state, grads) => grads,
      },
    ],
  });
  const spec = { state: { w: leaf, v: leaf }, batch: {}, hyper: [] };

  it('writes only what changed', () => {
    expect(
      traceStep(
        step((w) => ({ w: tf.mul(w, 2) })),
        spec,
      ).changed,
    ).toEqual(['w']);
    expect(
      traceStep(
        step((w) => ({ w: tf.clone(w) })),
        spec,
      ).changed,
    ).toEqual([]);
  });

  it('takes noise as inputs', () => {
    const { noise } = traceStep(
      step((w, context) => ({ w: tf.mul(w, context.noise('mask', [3], { kind: 'bernoulli', keep: 0.5 })) })),
      spec,
    );
    expect(noise).toEqual([{ name: 'mask', shape: [3], distribution: { kind: 'bernoulli', keep: 0.5 } }]);
  });

  it('refuses entries that are not in the state', () => {
    expect(
      codeOf(() =>
        traceStep(
          step((w) => ({ u: w })),
          spec,
        ),
      ),
    ).toBe('ANC_TREE');
  });

  it('restores the active tfjs backend', () => {
    const before = tf.engine().backendName;
    traceFunction(({ x }) => ({ y: tf.neg(x!) }), { id: 'f', inputs: { x: image } });
    expect(tf.engine().backendName).toBe(before);
  });
});
