import { describe, expect, it } from 'vitest';
import { controlName, dataTermOf, isControlOf, type InterpretedMethod } from './control.js';

const optimizer = { learningRate: 0.001 };
const adversarial = (dataTerm: unknown, more: Record<string, unknown> = {}): InterpretedMethod => ({
  method: 'adversarial',
  usesLabels: false,
  options: { optimizer, lambda: 1, quantize: 'none', dataTerm, ...more },
});
const alone = (method: string, own: Record<string, unknown>, usesLabels = false): InterpretedMethod => ({
  method,
  usesLabels,
  options: { optimizer, lambda: 1, quantize: 'none', ...own },
});
const kl = adversarial({ name: 'kl', options: {} });
const l2 = adversarial({ name: 'l2', options: {} });

describe('isControlOf', () => {
  it('finds the data term alone, with the same options', () => {
    expect(isControlOf(alone('kd', { temperature: 4, hardWeight: 0 }), kl)).toBe(true);
    expect(isControlOf(alone('l2', { reduction: 'sum' }), l2)).toBe(true);
  });

  it.each([
    ['distillation with labels', alone('kd', { temperature: 4, hardWeight: 0.5 }, true), kl],
    ['another temperature', alone('kd', { temperature: 2, hardWeight: 0 }), kl],
    ['another reduction', alone('l2', { reduction: 'mean' }), l2],
    ['another method', alone('l2', { reduction: 'sum' }), kl],
    ['another optimizer', alone('l2', { reduction: 'sum', optimizer: { learningRate: 0.1 } }), l2],
    ['another weight', alone('l2', { reduction: 'sum', lambda: 2 }), l2],
    [
      'another warm-up',
      alone('l2', { reduction: 'sum', dataWarmup: 0 }),
      adversarial({ name: 'l2', options: {} }, { dataWarmup: 2 }),
    ],
    ['few-valued weights on one side', alone('l2', { reduction: 'sum', quantize: 'ttq' }), l2],
  ])('refuses %s', (_what, other, student) => {
    expect(isControlOf(other, student)).toBe(false);
  });

  it('takes the dead discriminator for terms without a method of their own', () => {
    const l1 = adversarial({ name: 'l1', options: {} });
    expect(controlName('l1')).toBe('adversarial-dead');
    expect(isControlOf({ ...l1, method: 'adversarial-dead' }, l1)).toBe(true);
    expect(isControlOf({ ...l2, method: 'adversarial-dead' }, l1)).toBe(false);
  });

  it('knows no data term where there is none', () => {
    expect(dataTermOf(alone('kd', { temperature: 4 }))).toBeNull();
  });
});
