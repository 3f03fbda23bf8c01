import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../contracts/network.js';
import type { Phase } from '../contracts/step.js';
import { inference } from '../eager/eager-context.js';
import { mapTree, type Tree } from '../tree/tree.js';
import { noiseName, phasesOf, playPhases } from './play-phases.js';

beforeAll(() => tf.setBackend('cpu'));

const values = (tree: Tree): Record<string, number> => mapTree(tree, (tensor) => tensor.dataSync()[0]!);

/** Gradient w + batch; counts its runs in `seen`; the update is w - rate · seen · gradient. */
const phase = (name: string): Phase => ({
  name,
  gradients: ({ w, seen }, { x }) => ({
    grads: { w: tf.add(w!, x!) },
    stats: { seen: tf.add(seen!, 1) },
    metrics: { [`loss/${name}`]: tf.mul<Scalar>(w!, 2), last: tf.mul<Scalar>(w!, 10) },
  }),
  update: ({ w, seen }, grads, { rate }) => ({ w: tf.sub(w!, tf.mul(tf.mul(grads.w!, seen!), rate!)) }),
});

const state = (): Tree => ({ w: tf.scalar(4), seen: tf.scalar(0), other: tf.scalar(7) });
const batch = (): Tree => ({ x: tf.scalar(2) });
const hyper = (): Tree<Scalar> => ({ rate: tf.scalar(0.5) });
const plain = (): Context => inference;

describe('playPhases', () => {
  it('gives each phase the state of the one before, and its update the new statistics', () => {
    const { changed, metrics } = playPhases([phase('a'), phase('b')], state(), batch(), hyper(), plain);
    // a: gradient 4 + 2, seen 1, w = 4 - 0.5 · 1 · 6 = 1; b: gradient 1 + 2, seen 2, w = 1 - 0.5 · 2 · 3 = -2.
    expect(values(changed)).toEqual({ w: -2, seen: 2 });
    expect(values(metrics)).toEqual({ 'loss/a': 8, 'loss/b': 2, last: 10 });
  });

  it('leaves the state that it was given as it was', () => {
    const given = state();
    const { changed } = playPhases([phase('a')], given, batch(), hyper(), plain);
    expect(values(given)).toEqual({ w: 4, seen: 0, other: 7 });
    expect(Object.keys(changed).sort()).toEqual(['seen', 'w']);
  });

  it('counts how often a phase has run, each phase on its own', () => {
    const repeats: number[] = [];
    const contextOf = (repeat: number): Context => {
      repeats.push(repeat);
      return inference;
    };
    const [a, b] = [phase('a'), phase('b')];
    playPhases([a, b, a, a, b], state(), batch(), hyper(), contextOf);
    expect(repeats).toEqual([0, 0, 1, 2, 1]);
  });

  it('updates with averages, where there are any, and reports those of the metrics', () => {
    const half = (value: tf.Tensor): tf.Tensor => tf.div(value, 2);
    const { changed, metrics } = playPhases([phase('a')], state(), batch(), hyper(), plain, half);
    // Half of the gradient 4 + 2, half of 1 seen: w = 4 - 0.5 · 0.5 · 3.
    expect(values(changed)).toEqual({ w: 3.25, seen: 0.5 });
    expect(values(metrics)).toEqual({ 'loss/a': 4, last: 20 });
  });

  it('refuses to average what is not float32', () => {
    const counting: Phase = {
      ...phase('a'),
      gradients: (...given) => ({ ...phase('a').gradients(...given), stats: { n: tf.scalar(1, 'int32') } }),
    };
    const average = (value: tf.Tensor): tf.Tensor => value;
    expect(() => playPhases([counting], state(), batch(), hyper(), plain, average)).toThrow(
      expect.objectContaining({
        code: 'ANC_EXCHANGE',
        message: expect.stringContaining('stats/n') as string,
      }) as Error,
    );
  });

  it('changes nothing without a phase', () => {
    expect(playPhases([], state(), batch(), hyper(), plain)).toEqual({ changed: {}, metrics: {} });
  });
});

describe('phasesOf', () => {
  const step = { id: 'toy', phases: [phase('discriminator'), phase('student')] };

  it('gives every phase once, or those that are named, in that order', () => {
    const names = (...wanted: string[]): string[] => phasesOf(step, wanted).map(({ name }) => name);
    expect(phasesOf(step)).toEqual(step.phases);
    expect(names('student', 'discriminator', 'student')).toEqual(['student', 'discriminator', 'student']);
  });

  it('lists the phases there are where one is unknown', () => {
    expect(() => phasesOf(step, ['generator'])).toThrow(
      expect.objectContaining({
        code: 'ANC_PHASE',
        message: 'no phase named "generator". This step has: discriminator, student.',
      }) as Error,
    );
  });
});

describe('noiseName', () => {
  it('names the first run after the noise alone and marks the repeats', () => {
    expect([0, 1, 2].map((repeat) => noiseName('mask', repeat))).toEqual(['mask', 'mask#1', 'mask#2']);
  });
});
