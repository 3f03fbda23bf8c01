import * as tf from '@tensorflow/tfjs-core';

const READS = ['dataSync', 'data', 'arraySync', 'array', 'buffer', 'bufferSync', 'bytes', 'print'] as const;

/**
 * Runs `f` and names what it did that a recorded graph could not: reading a tensor's value, or drawing a random
 * number of its own.
 */
export function untraceableIn(f: () => unknown): string[] {
  const found = new Set<string>();
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const before = READS.map((name) => prototype[name]);
  const chance = Math as { random: () => number };
  const { random } = chance;
  READS.forEach((name, i) => {
    const real = before[i] as ((...args: unknown[]) => unknown) | undefined;
    if (real === undefined) return;
    prototype[name] = function (this: tf.Tensor, ...args: unknown[]): unknown {
      found.add(name);
      return real.apply(this, args);
    };
  });
  chance.random = (): number => {
    found.add('Math.random');
    return random();
  };
  try {
    f();
  } finally {
    READS.forEach((name, i) => (prototype[name] = before[i]));
    chance.random = random;
  }
  return [...found];
}
