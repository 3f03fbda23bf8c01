import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AncError, definePlugin, type Balancer, type Contributions } from '@anc/core';
import { originOf } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compose } from './compose.js';
import { loadPlugin } from './load-plugin.js';
import type { PluginSource } from './provenance.js';

const schema = z.strictObject({ weight: z.number().default(1) });
const balancer = (options: { weight: number }): Balancer => ({
  name: `b(${options.weight})`,
  memory: {},
  weight: () => tf.scalar(options.weight),
  next: () => ({}),
});
const plugin = (name: string, contributions: Contributions) =>
  definePlugin({ name, apiVersion: 1, ...contributions });
const balancers = (...names: string[]): Contributions => ({
  balancers: Object.fromEntries(names.map((name) => [name, { options: schema, create: balancer }])),
});

describe('compose', () => {
  it('registers everything by kind and name, with its package', () => {
    const { registries } = compose([plugin('one', balancers('b', 'a')), plugin('two', balancers('c'))]);
    expect(registries.balancers.all.map(({ name, package: from }) => [name, from])).toEqual([
      ['a', 'one'],
      ['b', 'one'],
      ['c', 'two'],
    ]);
    expect(registries.models.names).toEqual([]);
  });

  it('refuses a name that two bring where it is used, with both packages and what to write', () => {
    const { registries, parts } = compose([
      plugin('one', balancers('a')),
      plugin('@x/two', balancers('a', 'b')),
    ]);
    const refused = expect.objectContaining({
      code: 'ANC_PLUGIN_DUPLICATE',
      message: 'two plugins bring a balancer named "a".',
      detail: expect.objectContaining({
        received: '"a", which one and @x/two bring',
        hint: 'write one:a or @x/two:a, or leave one of them out of `plugins`.',
      }) as unknown,
    }) as Error;
    expect(() => registries.balancers.get('a')).toThrow(refused);
    expect(() => parts.balancer('a')).toThrow(refused);
    expect(registries.balancers.all).toHaveLength(3);
    expect(registries.balancers.names).toEqual(['a', 'b']);
  });

  it('knows everything by its package and name, too', () => {
    const { registries, parts } = compose([
      plugin('one', balancers('a')),
      plugin('@x/two', balancers('a', 'b')),
    ]);
    const { balancers: registry } = registries;
    expect(registry.get('one:a').package).toBe('one');
    expect(registry.get('@x/two:a').package).toBe('@x/two');
    expect(parts.balancer('@x/two:a(weight=3)').name).toBe('b(3)');
    expect(originOf('balancer', parts.balancer('@x/two:a'))).toBe('balancer "a" of plugin "@x/two"');
    expect([registry.has('one:a'), registry.has('one:b'), registry.has('a')]).toEqual([true, false, true]);
    expect(['@x/two:a', '@x/two:b', 'b', 'one:b', 'c'].map((name) => registry.canonical(name))).toEqual([
      ...['@x/two:a', 'b', 'b'], // b is one thing, a may be two
      ...['one:b', 'c'],
    ]);
  });

  it('leaves a name to those that were named where another package was only found', () => {
    const found = (name: string, contributions: Contributions): PluginSource => ({
      plugin: plugin(name, contributions),
      source: 'package',
      discovered: true,
    });
    const { registries } = compose([
      plugin('one', balancers('a')),
      found('two', balancers('a')),
      found('three', balancers('c')),
      found('four', balancers('c')),
    ]);
    expect(registries.balancers.get('a').package).toBe('one');
    expect(registries.balancers.get('two:a').package).toBe('two');
    expect(() => registries.balancers.get('c')).toThrow(/two plugins bring/);
  });

  it('refuses two plugins of one name', () => {
    expect(() => compose([plugin('one', balancers('a')), plugin('one', {})])).toThrow(
      expect.objectContaining({
        code: 'ANC_PLUGIN_DUPLICATE',
        message: 'two plugins are named "one".',
      }) as Error,
    );
  });

  it('says of an unknown name which installed plugins could not be used, and why where it is theirs', () => {
    const broken = [{ name: 'anc-plugin-x', error: new AncError('ANC_PLUGIN', 'it is broken.') }];
    const { registries } = compose([plugin('one', balancers('a'))], broken);
    expect(() => registries.balancers.get('z')).toThrow(
      expect.objectContaining({
        code: 'ANC_UNKNOWN',
        detail: expect.objectContaining({
          hint: expect.stringContaining('anc-plugin-x (it is broken)') as string,
        }) as unknown,
      }) as Error,
    );
    expect(() => registries.balancers.get('anc-plugin-x:z')).toThrow(broken[0]!.error);
  });

  it('records of plugins what was used of them', async () => {
    const { parts, records } = compose([plugin('one', balancers('a')), plugin('two', balancers('b'))]);
    parts.balancer('a');
    expect((await records()).map(({ name, used, source }) => [name, used, source])).toEqual([
      ['one', true, 'object'],
      ['two', false, 'object'],
    ]);
  });

  it('lists what there is and suggests the nearest', () => {
    const { registries } = compose([plugin('one', balancers('gradient-norm', 'fixed'))]);
    let error: unknown;
    try {
      registries.balancers.get('fixd');
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({
      code: 'ANC_UNKNOWN',
      detail: { expected: 'one of fixed, gradient-norm', hint: 'did you mean "fixed"?' },
    });
  });

  it('gives methods the parts, their options checked', () => {
    const { parts } = compose([plugin('one', balancers('a'))]);
    expect(parts.balancer('a', { weight: 3 }).name).toBe('b(3)');
    expect(parts.balancer('a').name).toBe('b(1)');
    const wrong = expect.objectContaining({
      code: 'ANC_OPTIONS',
      message: 'balancer "a" has no option "wieght".',
      detail: expect.objectContaining({ hint: 'did you mean "weight"?' }) as unknown,
    }) as Error;
    expect(() => parts.balancer('a', { wieght: 3 })).toThrow(wrong);
    expect(() => parts.balancer('a', { weight: 'x' })).toThrow(/option "weight"/);
  });

  it('gives methods a part with the options in its text', () => {
    const { parts } = compose([plugin('one', balancers('a'))]);
    expect(parts.balancer('a(weight=3)').name).toBe('b(3)');
    expect(parts.balancer('a(weight=3)', { weight: 4 }).name).toBe('b(4)');
    const wrong = { code: 'ANC_OPTIONS', detail: { received: 'a(3)', hint: /name before "3"/ } };
    expect(() => parts.balancer('a(3)')).toThrow(
      expect.objectContaining({
        ...wrong,
        detail: { ...wrong.detail, hint: expect.stringMatching(wrong.detail.hint) as string },
      }) as Error,
    );
  });
});

describe('a part of the objective', () => {
  const made = (create: () => unknown) => {
    const { parts } = compose([
      plugin('one', { balancers: { a: { options: schema, create: create as never } } }),
    ]);
    return () => parts.balancer('a');
  };

  it('is named with its plugin in errors', () => {
    const { parts } = compose([plugin('one', balancers('a'))]);
    expect(originOf('balancer', parts.balancer('a'))).toBe('balancer "a" of plugin "one"');
  });

  it.each([
    ['nothing', () => undefined, 'undefined'],
    ['an object without its functions', () => ({ name: 'b', next: () => ({}) }), 'no weight()'],
    ['an object without a name', () => ({ ...balancer({ weight: 1 }), name: '' }), 'no name'],
  ])('that is %s is refused', (_what, create, received) => {
    expect(made(create)).toThrow(
      expect.objectContaining({
        code: 'ANC_PLUGIN',
        message: 'balancer "a" of plugin "one" is incomplete.',
        detail: expect.objectContaining({
          expected: 'an object with a name and the functions weight, next',
          received,
        }) as unknown,
      }) as Error,
    );
  });
});

describe('loadPlugin', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'anc-plugin-'));
  });
  afterEach(() => rm(cwd, { recursive: true, force: true }));

  /** What a plugin of another copy of core looks like: the brand alone. */
  const source = (apiVersion: number): string => `
    const create = (options) => ({ name: JSON.stringify(options), memory: {}, weight() {}, next() {} });
    const schema = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
    export default () => ({
      name: 'mine', apiVersion: ${apiVersion}, [Symbol.for('@anc/plugin')]: true,
      balancers: { mine: { options: schema, create } },
    });`;

  it('loads a file by its path from the working directory', async () => {
    await writeFile(join(cwd, 'mine.mjs'), source(1));
    const { parts } = compose([await loadPlugin('./mine.mjs', cwd)]);
    expect(parts.balancer('mine', { x: 1 }).name).toBe('{"x":1}');
  });

  it.each([
    ['of another API version', source(99), 'ANC_PLUGIN_API'],
    ['that is none', 'export default 3;', 'ANC_PLUGIN'],
    ['that throws', 'throw new Error("broken");', 'ANC_PLUGIN'],
  ])('refuses a module %s', async (_, text, code) => {
    await writeFile(join(cwd, 'mine.mjs'), text);
    await expect(loadPlugin('./mine.mjs', cwd)).rejects.toEqual(expect.objectContaining({ code }));
  });

  it('says what to do about one that is not there', async () => {
    const missing = (hint: string) =>
      expect.objectContaining({
        code: 'ANC_PLUGIN_MISSING',
        detail: expect.objectContaining({ hint: expect.stringContaining(hint) as string }) as unknown,
      }) as unknown;
    await expect(loadPlugin('./none.mjs', cwd)).rejects.toEqual(missing('check the path'));
    await expect(loadPlugin('anc-no-such-plugin', cwd)).rejects.toEqual(
      missing('npm install anc-no-such-plugin'),
    );
  });

  it('says of one that is installed without its module that it is to be built', async () => {
    const folder = join(cwd, 'node_modules', 'anc-plugin-unbuilt');
    await mkdir(folder, { recursive: true });
    const manifest = { name: 'anc-plugin-unbuilt', version: '1.0.0', exports: './dist/index.js' };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    await expect(loadPlugin('anc-plugin-unbuilt', cwd)).rejects.toMatchObject({
      code: 'ANC_PLUGIN',
      message: 'plugin "anc-plugin-unbuilt" is installed, but its module is not there.',
    });
  });
});
