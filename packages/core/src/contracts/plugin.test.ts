import { describe, expect, it } from 'vitest';
import { assertPlugin, definePlugin, PLUGIN_API_VERSION } from './plugin.js';

const definition = { name: 'anc-plugin-toy', apiVersion: PLUGIN_API_VERSION, dataTerms: {} };

describe('definePlugin', () => {
  it('gives a frozen plugin with the contributions of its definition', () => {
    const plugin = definePlugin(definition);
    expect(plugin).toMatchObject(definition);
    expect(Object.isFrozen(plugin)).toBe(true);
    expect(() => {
      assertPlugin(plugin, 'toy');
    }).not.toThrow();
  });
});

describe('assertPlugin', () => {
  it('accepts a plugin that another copy of the package defined', () => {
    expect(() => {
      assertPlugin({ ...definition, [Symbol.for('@anc/plugin')]: true }, 'toy');
    }).not.toThrow();
  });

  it.each([
    [definition, 'object'],
    [() => definition, 'function'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['toy', 'string'],
  ])('refuses %o, and says what it is', (value, received) => {
    expect(() => {
      assertPlugin(value, './toy.mjs');
    }).toThrow(
      expect.objectContaining({
        code: 'ANC_PLUGIN',
        message: '"./toy.mjs" is not a plugin.',
        detail: expect.objectContaining({ received }) as object,
      }),
    );
  });

  it('refuses a plugin for another version of the API, with both versions', () => {
    const newer = definePlugin({ ...definition, apiVersion: PLUGIN_API_VERSION + 1 });
    expect(() => {
      assertPlugin(newer, 'toy');
    }).toThrow(
      expect.objectContaining({
        code: 'ANC_PLUGIN_API',
        detail: expect.objectContaining({
          expected: `apiVersion ${PLUGIN_API_VERSION}`,
          received: `apiVersion ${PLUGIN_API_VERSION + 1}`,
        }) as object,
      }),
    );
  });
});
