import { expect, it } from 'vitest';
import { AncError } from './error.js';
import { receivedError, sentError } from './sent-error.js';

const through = (error: unknown, otherwise?: `ANC_${string}`): Error =>
  receivedError(JSON.parse(JSON.stringify(sentError(error))) as ReturnType<typeof sentError>, otherwise);

it('keeps code, message and what was expected, without the cause', () => {
  const error = new AncError('ANC_CONFIG', 'no.', { expected: 'a', hint: 'b', cause: new Error('c') });
  const received = through(error);
  expect(received).toBeInstanceOf(AncError);
  expect(received).toMatchObject({ code: 'ANC_CONFIG', message: error.message });
  expect((received as AncError).detail).toEqual({ expected: 'a', hint: 'b' });
});

it('keeps the stack of a fault, and gives it a code where that is asked for', () => {
  const fault = new TypeError('x is not a function');
  expect(through(fault)).toMatchObject({ message: fault.message, stack: fault.stack });
  expect(through(fault, 'ANC_RANK_FAILED')).toMatchObject({ code: 'ANC_RANK_FAILED' });
  expect(through('text').message).toBe('text');
});
