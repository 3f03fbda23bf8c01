import { describe, expect, it } from 'vitest';
import { inMask } from './name-mask.js';

describe('inMask', () => {
  it.each<[string, string[], string[]]>([
    ['all', ['conv1/weights', 'norm/gamma'], []],
    ['weights', ['weights', 'conv1/weights'], ['conv1/weights/scale', 'myweights', 'conv1/bias']],
    ['conv*', ['conv1/weights', 'conv'], ['my/conv1', 'dense/weights']],
    ['conv1/weights', ['conv1/weights'], ['conv1/weights2', 'a/conv1/weights']],
    ['*/bias', ['a/bias', 'a/b/bias'], ['bias', 'a/bias/x']],
    ['conv*, dense*', ['conv1/bias', 'dense/bias'], ['norm/gamma']],
    ['conv*,!conv1*', ['conv2/bias'], ['conv1/bias', 'dense/bias']],
    ['!*/bias', ['a/weights', 'a/gamma'], ['a/bias']],
    ['!*/bias,!norm*', ['a/weights'], ['a/bias', 'norm/gamma']],
    ['all,!weights', ['a/bias', 'a/gamma'], ['a/weights']],
    ['weights,*/gamma', ['a/weights', 'a/gamma'], ['a/bias', 'a/weights/x']],
    ['weights,a/b', ['weights', 'a/b'], ['a/weights/b']],
    ['xa,a', ['xa', 'a'], ['x']],
    ['a.b', ['a.b'], ['axb']],
    ['a(1)|b', ['a(1)|b'], ['a1', 'b']],
  ])('%s', (mask, chosen, left) => {
    expect(chosen.filter((name) => !inMask(mask, name))).toEqual([]);
    expect(left.filter((name) => inMask(mask, name))).toEqual([]);
  });

  it.each(['', ' ', 'a,', ',a', 'a,,b', '!', 'a,!'])('refuses the empty pattern in %j', (mask) => {
    expect(() => inMask(mask, 'a')).toThrow(
      expect.objectContaining({
        code: 'ANC_OPTIONS',
        message: 'a pattern of parameter names is empty.',
        detail: {
          expected: 'weights, all, or patterns separated by commas, e.g. */weights,!logits/*',
          received: mask,
        },
      }) as Error,
    );
  });
});
