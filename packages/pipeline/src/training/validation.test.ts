import { describe, expect, it } from 'vitest';
import { better } from './validation.js';

describe('the better epoch', () => {
  const first = { epoch: 0, error: 0.2, agreement: 0.7 };

  it('is the one of smaller error, or of larger agreement', () => {
    const next = { epoch: 1, error: 0.1, agreement: 0.6 };
    expect(better(first, next, 'error')).toBe(next);
    expect(better(first, next, 'agreement')).toBe(first);
  });

  it('is the earlier of equals', () => {
    expect(better(first, { ...first, epoch: 1 }, 'error')).toBe(first);
    expect(better(null, first, 'agreement')).toBe(first);
  });
});
