import { describe, expect, it } from 'vitest';
import methods from '../index.js';
import { adversarialSchema } from '../methods/adversarial.js';
import { presetFor, presetFamilies } from './index.js';

describe.each(Object.keys(presetFamilies))('recipe %s', (name) => {
  it.each(['cifar-10', 'fashion-mnist', 'svhn', 'imagenet', 'glyphs'])(
    'is data that the method takes, for %s',
    (dataset) => {
      const { recipe, objective, ...rest } = presetFor(name, dataset);
      expect(JSON.parse(JSON.stringify({ recipe, objective, ...rest }))).toEqual({
        recipe,
        objective,
        ...rest,
      });
      expect(() => adversarialSchema.parse({ recipe, ...objective })).not.toThrow();
      expect(rest.epochs).toBeGreaterThan(0);
      for (const method of rest.methods) expect(methods().methods).toHaveProperty([method]);
    },
  );
});

describe('the paper', () => {
  it('is what the method does when nothing is said', () => {
    const { recipe, objective } = presetFor('paper', 'cifar-10');
    const { dataTerm, ...defaults } = adversarialSchema.parse({});
    const { dataTerm: stated, ...written } = adversarialSchema.parse({ recipe, ...objective });
    expect(written).toEqual(defaults);
    expect(stated.name).toBe(dataTerm.name);
  });

  it('uses Adam on SVHN and Fashion-MNIST, and 120 epochs on the latter', () => {
    expect(presetFor('paper', 'svhn').recipe.optimizer).toBe('adam');
    expect(presetFor('paper', 'fashion-mnist')).toMatchObject({ epochs: 120, recipe: { optimizer: 'adam' } });
    expect(presetFor('paper', 'cifar-100')).toMatchObject({ epochs: 260, recipe: { optimizer: 'momentum' } });
  });

  it('has no recipe of another name', () => {
    expect(() => presetFor('papre', 'svhn')).toThrow(/no recipe named "papre"/);
  });
});
