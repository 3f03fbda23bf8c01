import type { Stage } from '../contracts/method.js';
import { AncError } from '../errors/error.js';

/**
 * Checks that the batches of a stage may be divided as asked.
 *
 * @throws `ANC_CONFIG` where its step depends on single samples.
 */
export function assertDivisible(
  { name, divisible, rows }: Stage,
  accumulate: number,
  exchanges: boolean,
): void {
  if (divisible !== false) return;
  if (accumulate === 1 && (!exchanges || rows !== undefined)) return;
  throw new AncError('ANC_CONFIG', `the batches of stage "${name}" cannot be divided.`, {
    expected:
      'whole batches: it keeps single samples in its state, of which micro-batches or ranks have no mean',
    received: accumulate === 1 ? 'an exchange with other ranks' : `${accumulate} micro-batches`,
    hint:
      accumulate === 1
        ? 'start the program once, without mpiexec.'
        : 'leave --accumulate off, or use smaller batches.',
  });
}
