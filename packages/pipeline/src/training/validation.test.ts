import { describe, expect, it } from 'vitest';
import { asMetrics, better } from './validation.js';

const error = { by: 'metric', metric: { name: 'error', better: 'lower' } } as const;
const agreement = { ...error, by: 'agreement' } as const;
const iou = { by: 'metric', metric: { name: 'mean-iou', better: 'higher' } } as const;

describe('the better epoch', () => {
  const first = { epoch: 0, error: 0.2, agreement: 0.7 };

  it('is the one of smaller error, or of larger agreement', () => {
    const next = { epoch: 1, error: 0.1, agreement: 0.6 };
    expect(better(first, next, error)).toBe(next);
    expect(better(first, next, agreement)).toBe(first);
  });

  it('is the one of the larger metric where more is better', () => {
    const next = { epoch: 1, error: 0.1, agreement: 0.9 };
    expect(better(first, next, iou)).toBe(first);
    expect(better(next, first, iou)).toBe(first);
    expect(better({ ...next, error: null }, first, iou)).toBe(first);
  });

  it('is the earlier of equals', () => {
    expect(better(first, { ...first, epoch: 1 }, error)).toBe(first);
    expect(better(null, first, agreement)).toBe(first);
  });
});

describe('metrics of the held-out images', () => {
  it('are named after the primary metric', () => {
    expect(asMetrics({ error: 0.25, agreement: null }, iou.metric)).toEqual({ 'validation/mean-iou': 0.25 });
    expect(asMetrics({ error: null, agreement: 0.5 }, error.metric)).toEqual({ 'validation/agreement': 0.5 });
  });
});
