import * as tf from '@tensorflow/tfjs-core';

const READS = ['dataSync', 'data', 'arraySync', 'array', 'buffer', 'bufferSync', 'bytes', 'print'] as const;

/** Replaces a method while `f` runs, so that calls of it are noted. */
function noting(target: object, name: string, note: () => void): () => void {
  const holder = target as Record<string, unknown>;
  const original = holder[name];
  if (typeof original !== 'function') return () => {};
  holder[name] = function (this: unknown, ...args: unknown[]): unknown {
    note();
    return (original as (...given: unknown[]) => unknown).apply(this, args);
  };
  return () => void (holder[name] = original);
}

/** The clock, noted however it is read. */
function notingClock(note: () => void): () => void {
  const holder = globalThis as { Date: DateConstructor };
  const original = holder.Date;
  holder.Date = new Proxy(original, {
    construct(target, args) {
      if (args.length === 0) note();
      return Reflect.construct(target, args) as object;
    },
    apply(target, self, args) {
      note();
      return Reflect.apply(target, self, args) as unknown;
    },
    get(target, name) {
      if (name === 'now') note();
      return Reflect.get(target, name) as unknown;
    },
  });
  return () => void (holder.Date = original);
}

/**
 * Runs `f` and returns the names of what it does that a recorded graph cannot repeat: reading a tensor's value or the
 * clock, or drawing a random number without the context.
 *
 * @param inputs tensors that must still exist afterwards: `f` does not own them.
 */
export function untraceableIn(f: () => unknown, inputs: readonly tf.Tensor[] = []): string[] {
  const found = new Set<string>();
  const note = (name: string) => () => void found.add(name);
  const restore = [
    ...READS.map((name) => noting(tf.Tensor.prototype, name, note(name))),
    noting(Math, 'random', note('Math.random')),
    noting(globalThis.crypto, 'getRandomValues', note('crypto.getRandomValues')),
    notingClock(note('Date')),
  ];
  try {
    f();
  } finally {
    for (const undo of restore) undo();
  }
  if (inputs.some((tensor) => tensor.isDisposed)) found.add('dispose of a tensor that it was given');
  return [...found];
}

/** What to do about a call that a recorded graph cannot repeat. */
export const RECORDABLE_HINT =
  'use operations of tfjs-core alone: tf.where or masks instead of values that are read, context.noise instead of Math.random; dispose of nothing that was given.';
