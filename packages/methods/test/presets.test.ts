import { describe, expect, it } from 'vitest';
import methods, { adversarialSchema, presetFamilies, presetFor } from '../src/index.js';

describe.each(Object.keys(presetFamilies))('preset %s', (name) => {
  it.each(['cifar-10', 'fashion-mnist', 'svhn', 'imagenet', 'glyphs'])(
    'is plain data that the adversarial method takes, for %s',
    (dataset) => {
      const { optimizer, objective, ...rest } = presetFor(name, dataset);
      expect(JSON.parse(JSON.stringify({ optimizer, objective, ...rest }))).toEqual({
        optimizer,
        objective,
        ...rest,
      });
      expect(() => adversarialSchema.parse({ optimizer, ...objective })).not.toThrow();
      expect(rest.epochs).toBeGreaterThan(0);
      for (const method of rest.methods) expect(methods().methods).toHaveProperty([method]);
    },
  );
});

describe('the preset "paper"', () => {
  it("equals the adversarial method's defaults", () => {
    const { optimizer, objective } = presetFor('paper', 'cifar-10');
    const { dataTerm, ...defaults } = adversarialSchema.parse({});
    const { dataTerm: stated, ...written } = adversarialSchema.parse({ optimizer, ...objective });
    expect(written).toEqual(defaults);
    expect(stated.name).toBe(dataTerm.name);
  });

  it('uses Adam on SVHN and Fashion-MNIST, and 120 epochs on the latter', () => {
    expect(presetFor('paper', 'svhn').optimizer.optimizer).toBe('adam');
    expect(presetFor('paper', 'fashion-mnist')).toMatchObject({
      epochs: 120,
      optimizer: { optimizer: 'adam' },
    });
    expect(presetFor('paper', 'cifar-100')).toMatchObject({
      epochs: 260,
      optimizer: { optimizer: 'momentum' },
    });
  });

  it.each(['mnist', 'glyphs'])('trains %s like Fashion-MNIST, without flips', (dataset) => {
    expect(presetFor('paper', dataset)).toEqual({
      ...presetFor('paper', 'fashion-mnist'),
      augmentation: { crop: 4, flip: false },
    });
  });

  it('is not found under another name', () => {
    expect(() => presetFor('papre', 'svhn')).toThrow(/no preset named "papre"/);
  });
});
