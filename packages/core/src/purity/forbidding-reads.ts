import * as tf from '@tensorflow/tfjs-core';
import { callSite } from '../errors/call-site.js';
import { AncError } from '../errors/error.js';

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
    const error = new AncError('ANC_COMPILE_READ', `a step read the value of a tensor, at ${callSite()}.`, {
      expected:
        'a function of tensors that never looks at values (dataSync, data, array, print, if on a value)',
      hint: 'use tf.where or arithmetic on masks instead of branching, and return values to look at as metrics or outputs.',
    });
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
