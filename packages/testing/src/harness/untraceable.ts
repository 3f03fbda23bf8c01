import * as tf from '@tensorflow/tfjs-core';

const READS = ['dataSync', 'data', 'arraySync', 'array', 'buffer', 'bufferSync', 'bytes', 'print'] as const;

/**
 * Runs `f` and returns the names of calls that a recorded graph cannot repeat: reading a tensor's value, or drawing a
 * random number without the context.
 */
export function untraceableIn(f: () => unknown): string[] {
  const found = new Set<string>();
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const original = READS.map((name) => prototype[name]);
  const math = Math as { random: () => number };
  const { random } = math;
  READS.forEach((name, i) => {
    const method = original[i] as ((...args: unknown[]) => unknown) | undefined;
    if (method === undefined) return;
    prototype[name] = function (this: tf.Tensor, ...args: unknown[]): unknown {
      found.add(name);
      return method.apply(this, args);
    };
  });
  math.random = (): number => {
    found.add('Math.random');
    return random();
  };
  try {
    f();
  } finally {
    READS.forEach((name, i) => (prototype[name] = original[i]));
    math.random = random;
  }
  return [...found];
}
