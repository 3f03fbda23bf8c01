import methods from '@anc/methods';
import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import { methodOptions } from '../planning/method-options.js';
import { readNamed, type Named } from '../text/named.js';
import { settled, takes, under } from './candidate.js';

const composition = compose([methods()]);
const defaultsOf = (flat: Record<string, unknown> = {}) => resolveFlat(flat).options;
const named = (text: string): Named => readNamed(text) as Named;

describe('under', () => {
  it('sets the learning rate, and the temperature where the setting has one', () => {
    const { training, objective } = defaultsOf({ temperature: 3, lambda: 2 });
    const rate = under({ training, objective }, { learningRate: 0.5 });
    expect(rate).toEqual({ training: { ...training, learningRate: 0.5 }, objective });
    const both = under({ training, objective }, { learningRate: 0.5, temperature: 8 });
    expect(both.objective).toEqual({ ...objective, temperature: 8 });
  });
});

describe('takes', () => {
  it.each([
    ['kd', true],
    ['kd(temperature=2)', false],
    ['l2', false],
    ['adversarial', false],
    ['adversarial(dataTerm={name: kl, temperature: 2})', false],
  ])('tells whether a temperature reaches a method: %s, %s', (method, expected) => {
    expect(takes('temperature', named(method), defaultsOf(), composition)).toBe(expected);
  });

  it('sees the temperature of the data term of the run', () => {
    expect(takes('temperature', named('adversarial'), defaultsOf({ dataTerm: 'kl' }), composition)).toBe(
      true,
    );
  });

  it.each([
    ['supervised', true],
    ['l2', true],
    ['adversarial(discriminatorSteps=2)', true],
    ['l2(optimizer={momentum: 0.5})', true],
    ['l2(optimizer={learningRate: 0.1})', false],
  ])('tells whether a learning rate reaches a method: %s, %s', (method, expected) => {
    expect(takes('learningRate', named(method), defaultsOf(), composition)).toBe(expected);
  });
});

describe('settled', () => {
  it('has the setting among the options of the method, and its own options as they are', () => {
    const { options } = settled(
      named('kd(hardWeight=0.5)'),
      defaultsOf(),
      { learningRate: 0.03, temperature: 7 },
      composition,
    );
    expect(options).toMatchObject({ hardWeight: 0.5, temperature: 7 });
    expect(JSON.stringify(options)).toContain('"learningRate":0.03');
  });

  it('has nothing of the run but what the setting changes', () => {
    const found = settled(
      named('l2(optimizer={momentum: 0.5})'),
      defaultsOf(),
      { learningRate: 0.03 },
      composition,
    );
    expect(found).toEqual({ name: 'l2', options: { optimizer: { momentum: 0.5, learningRate: 0.03 } } });
  });

  it.each([
    ['supervised', {}],
    ['l2', {}],
    ['l2(optimizer={momentum: 0.5})', {}],
    ['kd', { temperature: 9 }],
    ['kd(temperature=2)', { temperature: 9 }],
    ['adversarial', { temperature: 9 }],
    ['adversarial(lambda=2)', {}],
    ['fitnets', { temperature: 9 }],
  ])('trains under the usual options as the trial did: %s, %j', async (method, setting) => {
    for (const flat of [{}, { preset: 'modern' }, { dataTerm: 'kl' }]) {
      const defaults = defaultsOf(flat);
      const tried = { learningRate: 0.03, ...setting };
      const complete = ({ name, options }: Named) => composition.registries.methods.check({ name, options });
      const trial = methodOptions(named(method), under(defaults, tried), composition);
      const name = settled(named(method), defaults, tried, composition);
      const again = methodOptions(name, defaults, composition);
      expect(await complete({ name: name.name, options: again })).toEqual(
        await complete({ name: name.name, options: trial }),
      );
    }
  });
});
