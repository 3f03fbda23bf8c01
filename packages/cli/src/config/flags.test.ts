import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addFlags, readFlags } from './flags.js';

const read = (...args: string[]): Record<string, unknown> =>
  readFlags(addFlags(new Command()).parse(args, { from: 'user' }).opts());

describe('flags', () => {
  it('add up where a list comes several times', () => {
    expect(read('--methods', 'l2', '--method', 'kd(temperature=2),adversarial')).toEqual({
      methods: ['l2', 'kd(temperature=2)', 'adversarial'],
    });
    expect(read('--plugins', './a.mjs', '--plugins', 'b')).toEqual({ plugins: ['./a.mjs', 'b'] });
    expect(read('--milestones', '1', '--milestones', '2,3')).toEqual({ milestones: [1, 2, 3] });
  });

  it('replace where a single value comes several times', () => {
    expect(read('--epochs', '1', '--epochs', '2', '--no-flip')).toEqual({ epochs: 2, flip: false });
  });
});
