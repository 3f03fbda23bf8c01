import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { currentOptions, deprecatedOptions, withDeprecatedNames } from './deprecated.js';

const object = z.strictObject({
  rate: z.strictObject({ base: z.number() }).describe('learning rate'),
  weight: z.number().default(1).describe('weight of the term'),
});
const schema = withDeprecatedNames(object, { speed: 'rate', mass: 'weight' });

describe('withDeprecatedNames', () => {
  it('takes an option under either name and returns the current one', () => {
    const parsed = { rate: { base: 2 }, weight: 3 };
    expect(schema.parse({ rate: { base: 2 }, weight: 3 })).toEqual(parsed);
    expect(schema.parse({ speed: { base: 2 }, mass: 3 })).toEqual(parsed);
    expect(schema.parse({ speed: { base: 2 }, rate: undefined, mass: undefined })).toEqual({
      ...parsed,
      weight: 1,
    });
  });

  it('refuses both names at once, and names that nobody knows', () => {
    const issue = (options: unknown) => schema.safeParse(options).error!.issues[0]!;
    expect(issue({ speed: { base: 2 }, rate: { base: 2 } })).toMatchObject({
      path: ['speed'],
      message: '"speed" is the deprecated name of "rate"; expected only one of them',
    });
    expect(issue({ rate: { base: 2 }, wieght: 1 })).toMatchObject({ keys: ['wieght'] });
    expect(issue({ rate: { base: 2 }, constructor: 1 })).toMatchObject({ keys: ['constructor'] });
    expect(issue({ speed: { base: 'fast' } }).path).toEqual(['rate', 'base']);
    expect(issue('fast').code).toBe('invalid_type');
  });

  it('shows current names only, in its shape and as JSON Schema', () => {
    expect(Object.keys(schema.shape)).toEqual(['rate', 'weight']);
    const { properties } = z.toJSONSchema(schema, { io: 'input' });
    expect(Object.keys(properties!)).toEqual(['rate', 'weight']);
    expect(properties).toMatchObject({ weight: { default: 1, description: 'weight of the term' } });
  });
});

describe('currentOptions', () => {
  it('renames, keeps the order, and tells which deprecated names were used', () => {
    const { options, used } = currentOptions(schema, { mass: 2, speed: { base: 1 }, other: 3 });
    expect(Object.entries(options)).toEqual([
      ['weight', 2],
      ['rate', { base: 1 }],
      ['other', 3],
    ]);
    expect(used).toEqual({ mass: 'weight', speed: 'rate' });
  });

  it('leaves both names for the schema to refuse, and options of other schemas as they are', () => {
    const both = { speed: 1, rate: 2 };
    expect(currentOptions(schema, both)).toEqual({ options: both, used: {} });
    expect(currentOptions(object, { speed: 1 })).toEqual({ options: { speed: 1 }, used: {} });
    expect(deprecatedOptions(schema)).toEqual({ speed: 'rate', mass: 'weight' });
    expect(deprecatedOptions(object)).toEqual({});
  });
});
