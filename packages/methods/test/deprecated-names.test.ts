import type { Contribution } from '@anc/core';
import { toyEnvironment } from '@anc/testing/toy';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import methods, { deprecatedOptions, ImitationMethod } from '../src/index.js';

const contributions = methods().methods as Readonly<Record<string, Contribution<unknown, unknown>>>;
/** Methods without former names: they came after the options were renamed. */
const newer = ['dist', 'sp', 'rkd', 'pkt', 'crd', 'hint', 'reviewkd', 'cat'];
const isNewer = (name: string): boolean => newer.includes(name) || /^(data-free|few-images)/.test(name);
const names = Object.keys(contributions).filter((name) => !isNewer(name));

function validated(name: string, options: unknown): StandardSchemaV1.Result<unknown> {
  const result = contributions[name]!.options['~standard'].validate(options);
  if (result instanceof Promise) throw new Error('validated asynchronously');
  return result;
}

const optimizer = { learningRate: 0.25 };

describe('the former option names', () => {
  it.each(names)('%s: "recipe" is "optimizer"', (name) => {
    const current = validated(name, { optimizer });
    expect(current).toMatchObject({ value: { optimizer: { learningRate: 0.25, momentum: 0.9 } } });
    expect(validated(name, { recipe: optimizer })).toEqual(current);
    const { shape } = contributions[name]!.options as { shape?: object };
    expect(Object.keys(shape!)).toContain('optimizer');
    expect(Object.keys(shape!)).not.toContain('recipe');
  });

  it.each(names.filter((name) => name.includes('adversarial')))(
    '%s: "discriminatorRecipe" is "discriminatorOptimizer"',
    (name) => {
      const current = validated(name, { discriminatorOptimizer: optimizer });
      expect(current).toMatchObject({ value: { discriminatorOptimizer: optimizer } });
      expect(validated(name, { discriminatorRecipe: optimizer })).toEqual(current);
    },
  );

  it('conditional-adversarial: "critic" and "looksAt"', () => {
    const name = 'conditional-adversarial';
    const current = validated(name, { conditionalDiscriminator: 'projection', conditionalInput: 'features' });
    expect(current).toMatchObject({ value: { conditionalInput: 'features' } });
    expect(validated(name, { critic: 'projection', looksAt: 'features' })).toEqual(current);
    expect(deprecatedOptions(contributions[name]!.options)).toEqual({
      recipe: 'optimizer',
      discriminatorRecipe: 'discriminatorOptimizer',
      critic: 'conditionalDiscriminator',
      looksAt: 'conditionalInput',
    });
  });

  it.each(names)('%s: an option under both names is an error', (name) => {
    expect(validated(name, { recipe: optimizer, optimizer }).issues).toMatchObject([
      {
        path: ['recipe'],
        message: '"recipe" is the deprecated name of "optimizer"; expected only one of them',
      },
    ]);
  });

  it('ImitationMethod takes its optimizer as `recipe`', () => {
    const { value } = validated('supervised', { optimizer }) as { value: { optimizer: never } };
    const [stage] = new ImitationMethod({ name: 'own', recipe: value.optimizer, terms: [] }).stages(
      toyEnvironment(),
    );
    const { hyper } = stage!.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });
    expect(hyper['student/learningRate']).toBe(0.25);
  });
});
