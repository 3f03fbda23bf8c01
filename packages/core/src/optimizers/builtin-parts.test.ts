import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builtinOptimizers } from './builtin-optimizers.js';
import { builtinParts, listed } from './builtin-parts.js';
import { createOptimizer, learningRateOf, optimizerConfigSchema } from './optimizer-config.js';

const parse = (config: object = {}) => optimizerConfigSchema.parse(config);
const idOf = (config: object): string => createOptimizer(parse(config)).id;
const refused = (run: () => unknown, expected: object): void => {
  expect(run).toThrow(expect.objectContaining(expected) as Error);
};

describe('builtinParts', () => {
  it('completes options by those of the run that the optimizer has', () => {
    const shared = { momentum: 0.5, beta1: undefined, weightDecay: 0.25 };
    const { id } = builtinParts.optimizer('momentum', {}, shared);
    expect(id).toBe(builtinParts.optimizer('momentum', { momentum: 0.5, weightDecay: 0.25 }).id);
    expect(builtinParts.optimizer('momentum', { momentum: 0.75 }, shared).id).toContain('0.75');
    expect(builtinParts.optimizer('adam', {}, { momentum: 0.5 }).id).toBe(builtinParts.optimizer('adam').id);
  });

  it('lists what there is where a name is unknown, also one that every object has', () => {
    for (const name of ['adamx', 'toString']) {
      refused(() => builtinParts.optimizer(name), {
        code: 'ANC_UNKNOWN',
        message: `no optimizer named "${name}".`,
        detail: expect.objectContaining({
          expected: `one of ${Object.keys(builtinOptimizers).join(', ')}`,
          hint: expect.stringContaining('createOptimizer(config, environment.optimizers)') as string,
        }) as object,
      });
    }
    refused(() => builtinParts.schedule('cosin'), { message: 'no schedule named "cosin".' });
  });

  it('names the option that is wrong', () => {
    refused(() => builtinParts.optimizer('adam', { beta1: 2 }), {
      code: 'ANC_OPTIONS',
      message: expect.stringMatching(/^option "beta1" of optimizer "adam": .+\.$/) as string,
    });
    refused(() => builtinParts.schedule('step', { milestones: [0.5, -1] }), {
      message: expect.stringMatching(/^option "milestones\.1" of schedule "step": /) as string,
    });
  });

  it('takes from options of the run those of an object schema alone', () => {
    expect(listed({ options: z.object({ a: z.number() }) }, { a: 1, b: 2 })).toEqual({ a: 1 });
    expect(listed({ options: z.object({ a: z.number() }) }, { a: undefined })).toStrictEqual({});
    const strange = Object.assign(z.any(), { shape: null });
    expect(listed({ options: strange }, { a: 1 })).toEqual({});
    expect(listed({ options: z.any() }, { a: 1 })).toEqual({});
  });
});

describe('an optimizer config', () => {
  it.each([[{ name: 'adam', beta1: 0.5 }], [{ name: 'adam', options: { beta1: 0.5 } }]])(
    'takes an optimizer with options of its own: %j',
    (optimizer) => {
      expect(idOf({ optimizer, weightDecay: 0 })).toBe(
        idOf({ optimizer: 'adam', beta1: 0.5, weightDecay: 0 }),
      );
    },
  );

  it('takes "options" beside others for an option', () => {
    const { optimizer } = parse({ optimizer: { name: 'own', options: { a: 1 }, b: 2 } });
    expect(optimizer).toEqual({ name: 'own', options: { options: { a: 1 }, b: 2 } });
    expect(parse({ optimizer: { name: 'own', options: 5 } }).optimizer).toEqual({
      name: 'own',
      options: { options: 5 },
    });
    expect(parse({ optimizer: { name: 'own', options: null } }).optimizer).toEqual({
      name: 'own',
      options: { options: null },
    });
  });

  it('clips before the optimizer and averages after it, and its id says so', () => {
    const plain = idOf({ optimizer: 'sgd' });
    expect(idOf({ optimizer: 'sgd', clipNorm: 2 })).toBe(`clip(2) > ${plain}`);
    expect(idOf({ optimizer: 'sgd', ema: 0.5 })).toBe(`${plain}, average(0.5)`);
  });

  it('takes a schedule by name or with options, those of the program with their defaults', () => {
    expect(parse({ schedule: 'cosine' }).schedule).toStrictEqual({ kind: 'cosine', floor: 0 });
    expect(parse({ schedule: { kind: 'cosine', warmup: 0.5 } }).schedule).toEqual({
      kind: 'cosine',
      floor: 0,
      warmup: 0.5,
    });
    expect(parse({ schedule: { kind: 'of-a-plugin', a: 1 } }).schedule).toEqual({
      kind: 'of-a-plugin',
      a: 1,
    });
    expect(parse({ schedule: { kind: 'toString' } }).schedule).toEqual({ kind: 'toString' });
    const wrong = optimizerConfigSchema.safeParse({ schedule: { kind: 'step', milestones: [-1] } });
    expect(wrong.error?.issues.map(({ path }) => path)).toEqual([['schedule', 'milestones', 0]]);
    expect(optimizerConfigSchema.safeParse({ schedule: { kind: 'constant', warmup: 2 } }).success).toBe(
      false,
    );
  });

  it('has a learning rate times the factor of its schedule', () => {
    const config = parse({ learningRate: 0.5, schedule: { kind: 'step', milestones: [3], factor: 0.5 } });
    const rate = learningRateOf(config);
    const at = (step: number): number => rate({ step, epochs: 1, stepsPerEpoch: 10 });
    expect([2, 3].map(at)).toEqual([0.5, 0.25]);
  });
});
