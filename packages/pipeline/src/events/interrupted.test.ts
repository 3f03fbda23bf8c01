import { describe, expect, it } from 'vitest';
import { Interrupted, isInterruption } from './interrupted.js';

describe('isInterruption', () => {
  it('tells a stop that was asked for from an error that came at the same time', () => {
    const { signal } = ((controller) => (controller.abort(), controller))(new AbortController());
    expect(isInterruption(new Interrupted(), signal)).toBe(true);
    expect(isInterruption(signal.reason, signal)).toBe(true);
    expect(isInterruption(new Error('no space left on device'), signal)).toBe(false);
    expect(isInterruption(undefined, new AbortController().signal)).toBe(false);
  });
});
