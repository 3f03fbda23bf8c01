import '@tensorflow/tfjs-backend-cpu';
import type { ModelEnvironment, Plugin } from '@anc/core';
import { assertPlugin } from '@anc/core/internal';
import { networkContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';

const example: string = new URL('../../../examples/own-network/fire-net.mjs', import.meta.url).href;
const { default: plugin } = (await import(/* @vite-ignore */ example)) as { default: () => Plugin };

describe('the example of a network of one’s own', () => {
  it('is a plugin', () => {
    const made: unknown = plugin();
    expect(() => assertPlugin(made, 'example')).not.toThrow();
  });

  const input: ModelEnvironment['input'] = [8, 8, 3];
  const make = () => plugin().models!['fire-net']!.create({ width: 0.125 }, { input, classes: 5 });
  networkContract({ describe, it, expect }, make, { input, classes: 5, taps: ['fire1', 'fire2'] });
});
