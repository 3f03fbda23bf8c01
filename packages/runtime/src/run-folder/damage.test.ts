import { describe, expect, it } from 'vitest';
import { damagedError, recoveryOf } from './damage.js';

describe('recoveryOf', () => {
  it.each([
    [
      'teacher/weights.safetensors',
      'remove the folder runs/a/teacher and continue with anc-cli run --resume runs/a: that model is trained again, the others are kept.',
    ],
    [
      'student/kd/result.json',
      'remove the folder runs/a/student/kd and continue with anc-cli run --resume runs/a: that model is trained again, the others are kept.',
    ],
    ['result.json', 'remove it and continue with anc-cli run --resume runs/a: it is written again.'],
    [
      'compare.json',
      'remove runs/a/compare.json and continue with anc-cli compare --resume runs/a: it is written again.',
    ],
    [
      'tune.json',
      'remove runs/a/tune.json and continue with anc-cli tune --resume runs/a: it is written again.',
    ],
    [
      'reproduce.json',
      'remove runs/a/reproduce.json and continue with anc-cli reproduce --resume runs/a: it is written again.',
    ],
    ['tries/3.json', 'remove runs/a/tries/3.json and resume the tuning: that trial is repeated.'],
    [
      'SHA256SUMS',
      'restore it from a copy; or remove runs/a/SHA256SUMS: weights are then verified by their results alone.',
    ],
  ])('says for %s how to go on', (name, hint) => {
    expect(recoveryOf('runs/a', name)).toBe(hint);
  });

  it.each([
    'config.resolved.yaml',
    'old/teacher/weights.safetensors',
    'teacher',
    'my-compare.json',
    'compare.json.bak',
    'a/tries/3.json',
  ])('has no copy of %s', (name) => {
    expect(recoveryOf('runs/a', name)).toBe('restore the file from a copy, or start a new run.');
  });
});

describe('damagedError', () => {
  it('names the file, what was expected, what is there, and how to go on', () => {
    expect(damagedError('my runs', 'teacher/weights.safetensors', 'one', 'another')).toMatchObject({
      code: 'ANC_RUN_DAMAGED',
      message: 'my runs/teacher/weights.safetensors is damaged.',
      detail: {
        expected: 'one',
        received: 'another',
        hint: "remove the folder 'my runs/teacher' and continue with anc-cli run --resume 'my runs': that model is trained again, the others are kept.",
      },
    });
  });
});
