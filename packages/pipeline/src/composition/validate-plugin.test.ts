import { definePlugin, type Plugin } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { kindNames, KINDS } from './kinds.js';
import { validatePlugin } from './validate-plugin.js';

const options = z.strictObject({});
const create = () => ({ name: 'x' });
const plugin = (rest: object): Plugin => definePlugin({ name: 'anc-plugin-zoo', apiVersion: 1, ...rest });
const checking = (rest: object) => () => validatePlugin(plugin(rest));
const fault = (message: string | RegExp, detail: Record<string, unknown> = {}): Error =>
  expect.objectContaining({
    code: 'ANC_PLUGIN',
    message: expect.stringMatching(message) as string,
    detail: expect.objectContaining(detail) as object,
  }) as Error;

describe('validatePlugin', () => {
  it('accepts every kind, and a schema that is a function', () => {
    const schema = Object.assign(() => undefined, options);
    const standard = Object.assign(schema, { '~standard': options['~standard'] });
    expect(
      checking({
        version: '1.0.0',
        ...Object.fromEntries(kindNames.map((kind) => [kind, { 'a.b-1': { options: standard, create } }])),
        models: { a: { options, create, summary: 's', input: [8, 8, 1], classes: 2, task: 't' } },
        datasets: { a: { options, create, generated: true, files: () => [] } },
      }),
    ).not.toThrow();
  });

  it.each([[''], ['two words'], ['a:b'], ['@scope'], [undefined], [3]])('refuses the name %j', (name) => {
    expect(checking({ name })).toThrow(fault('a plugin has no usable name'));
  });

  it('refuses a kind that does not exist, with the nearest', () => {
    expect(checking({ discriminaters: {} })).toThrow(
      fault('plugin "anc-plugin-zoo" has the unknown key "discriminaters"', {
        hint: 'did you mean "discriminators"?',
      }),
    );
  });

  it.each(kindNames.map((kind) => [kind]))('checks what %s consist of', (kind) => {
    const what = `${KINDS[kind]} "a" of plugin "anc-plugin-zoo"`;
    const one = (contribution: unknown) => checking({ [kind]: { a: contribution } });
    expect(checking({ [kind]: [] })).toThrow(fault(`${kind} of plugin`, { received: 'a list of 0' }));
    expect(one(create)).toThrow(fault(`${what} is no contribution`, { received: 'a function' }));
    expect(one({ options })).toThrow(fault(`${what}: create is missing`));
    expect(one({ options, create: 'x' })).toThrow(fault(`${what}: create is wrong`, { received: "'x'" }));
    expect(one({ create })).toThrow(fault(`${what}: options is missing`));
    expect(one({ options: { weight: 1 }, create })).toThrow(
      fault(`${what}: options is wrong`, { received: 'an object with weight' }),
    );
    expect(one({ options, create, sumary: 's' })).toThrow(
      fault(`${what} has the unknown key "sumary"`, { hint: 'did you mean "summary"?' }),
    );
    expect(one({ options, create, summary: 3 })).toThrow(fault(`${what}: summary is wrong`));
  });

  it.each([['two words'], ['a/b'], ['a(b)'], ['a,b'], ['a=b'], [''], ['-a'], ['x'.repeat(101)]])(
    'refuses the contribution name %j',
    (name) => {
      expect(checking({ balancers: { [name]: { options, create } } })).toThrow(fault('has no usable name'));
    },
  );

  it.each([
    [{ input: [8, 8] }, 'input'],
    [{ input: [8, 8, 0] }, 'input'],
    [{ classes: 1.5 }, 'classes'],
    [{ task: 3 }, 'task'],
  ])('refuses the detail %j of a model', (detail, key) => {
    expect(checking({ models: { a: { options, create, ...detail } } })).toThrow(fault(`: ${key} is wrong`));
    expect(checking({ methods: { a: { options, create, ...detail } } })).toThrow(fault('unknown key'));
  });
});
