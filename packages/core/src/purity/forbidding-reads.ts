import * as tf from '@tensorflow/tfjs-core';
import type { AncError } from '../errors/error.js';
import { valueRead } from './value-read.js';

/** What all tensors of a process read their values through. */
interface Reader {
  readSync: (id: object) => unknown;
  read: (id: object) => unknown;
}

/**
 * Runs code that may not look at the values of tensors, synchronously.
 *
 * @throws `ANC_COMPILE_READ` with the line at which it does, also where it asked for a promise of the values.
 */
export function forbiddingReads<T>(code: () => T): T {
  const engine = tf.engine() as unknown as Reader;
  const found: AncError[] = [];
  const refuse = (): AncError => {
    const error = valueRead();
    found.push(error);
    return error;
  };
  // Own properties in front of the engine's methods. A promise of values never settles: the error below ends its use.
  engine.readSync = () => {
    throw refuse();
  };
  engine.read = () => (refuse(), new Promise(() => {}));
  try {
    const result = code();
    if (found.length > 0) throw found[0]!; // it caught the error itself, or did not wait
    return result;
  } finally {
    Reflect.deleteProperty(engine, 'readSync');
    Reflect.deleteProperty(engine, 'read');
  }
}
