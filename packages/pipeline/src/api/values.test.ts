import { openCpu } from '@anc/backend-tfjs';
import { type AncError, definePlugin, Method, PLUGIN_API_VERSION, type Backend, type Stage } from '@anc/core';
import { cnn } from '@anc/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CornerTeacher } from '../../test/corner-teacher.js';
import { Corners } from '../../test/tiny-plugins.js';
import { compose } from '../composition/compose.js';
import { checkedPlugins, isDataset, isNetwork, isTeacher, ValueRegistry } from './values.js';

class Nothing extends Method {
  readonly labels = 'never';
  readonly needsTeacher = false;

  constructor(readonly name = 'nothing') {
    super();
  }

  stages(): readonly Stage[] {
    return [];
  }
}

const network = cnn({ widths: [2] }, { classes: 4 });
const method = new Nothing();
const dataset = new Corners();
let backend: Backend;
beforeAll(async () => {
  backend = await openCpu();
});
afterAll(() => backend.dispose());

const KINDS = ['models', 'datasets', 'methods', 'backends'] as const;

function refusal(kind: (typeof KINDS)[number], value: unknown): AncError {
  try {
    new ValueRegistry().name(kind, value, [kind]);
  } catch (error) {
    return error as AncError;
  }
  throw new Error(`${typeof value} was taken for one of ${kind}`);
}

describe('a value by name', () => {
  it.each(KINDS)('is passed on: %s', (kind) => {
    const values = new ValueRegistry();
    expect(values.name(kind, 'mine(x=1)', [kind])).toBe('mine(x=1)');
    expect(values.name(kind, { name: 'mine', options: { x: 1 } }, [kind])).toEqual({
      name: 'mine',
      options: { x: 1 },
    });
    expect(values.name(kind, { name: 'mine' }, [kind])).toEqual({ name: 'mine', options: {} });
    expect(values.plugin()).toBeNull();
  });
});

describe('a value itself', () => {
  it('is registered under a name of its own, from which the same value is made', async () => {
    const values = new ValueRegistry();
    const names = {
      models: values.name('models', network, ['models']),
      datasets: values.name('datasets', dataset, ['datasets']),
      methods: values.name('methods', method, ['methods']),
    };
    expect(names).toMatchObject({ datasets: 'value:corners', methods: 'value:nothing' });
    const { registries, parts } = compose([values.plugin()!]);
    const named = (name: unknown) => ({ name: name as string, options: {} });
    const environment = { input: [8, 8, 1], classes: 4 } as const;
    expect(await registries.models.create(named(names.models), environment)).toBe(network);
    expect(await registries.datasets.create(named(names.datasets), { dataDir: null, seed: 1 })).toBe(dataset);
    expect(await registries.methods.create(named(names.methods), parts)).toBe(method);
  });

  it('has a name that an option can hold, whatever it calls itself', () => {
    const values = new ValueRegistry();
    for (const name of ['cnn(widths=[2])', 'a b/c', 'x:y', 'größe']) {
      const given = values.name('methods', new Nothing(name), ['methods']);
      expect(given).toMatch(/^value:[A-Za-z0-9_.-]+$/);
    }
  });

  it('has another name than every other value of its kind', () => {
    const values = new ValueRegistry();
    const names = [1, 2, 3].map(() => values.name('methods', new Nothing('kd'), ['methods']));
    expect(names).toEqual(['value:kd', 'value:kd-2', 'value:kd-3']);
    expect(values.name('methods', new Nothing('kd-2'), ['methods'])).toBe('value:kd-2-2');
    expect(values.name('datasets', Object.assign(new Corners(), { name: 'kd' }), ['datasets'])).toBe(
      'value:kd',
    );
    expect(Object.keys(values.plugin()!.methods!)).toHaveLength(4);
  });

  it('may have nothing but its name beside the methods of its class', () => {
    class Plain {
      readonly name = 'plain';
      init = undefined as never;
    }
    class Net {
      readonly name = 'net';
      init(): void {}
      apply(): void {}
      summary(): void {}
    }
    class Images {
      readonly name = 'images';
      split(): void {}
    }
    class Way {
      readonly name = 'way';
      stages(): void {}
    }
    const values = new ValueRegistry();
    expect(values.name('models', new Net(), ['models'])).toBe('value:net');
    expect(values.name('datasets', new Images(), ['datasets'])).toBe('value:images');
    expect(values.name('methods', new Way(), ['methods'])).toBe('value:way');
    expect(refusal('models', new Plain()).code).toBe('ANC_CONFIG');
  });

  it('of the kind of backends outlives what uses it', async () => {
    const values = new ValueRegistry();
    const name = values.name('backends', backend, ['backends']) as string;
    expect(name).toBe('value:tfjs-cpu');
    const { registries } = compose([values.plugin()!]);
    const lent = await registries.backends.create({ name, options: {} }, undefined);
    expect(lent).toMatchObject({ name: 'tfjs:cpu', capabilities: backend.capabilities });
    await lent.dispose();
    const state = await lent.upload({ x: { shape: [2], data: Float32Array.of(1, 2) } });
    expect((await state.read()).x!.data).toEqual(Float32Array.of(1, 2));
    await state.dispose();
  });
});

describe('a wrong value', () => {
  it.each<[(typeof KINDS)[number], string, readonly unknown[]]>([
    ['models', 'a Network', [3, null, undefined, [], {}, () => 1, dataset, method, { init: () => 1 }]],
    ['datasets', 'a Dataset', [3, null, {}, network, method]],
    ['methods', 'a Method', [3, null, {}, network, dataset, ['l2']]],
    ['backends', 'a Backend', [3, null, {}, network, { compile: () => 1 }]],
  ])('is refused with what was expected: %s', (kind, expected, wrong) => {
    for (const value of wrong) {
      const { code, message, detail } = refusal(kind, value);
      expect(code).toBe('ANC_CONFIG');
      expect(message).toBe(`this is no ${kind.slice(0, -1)}.`);
      expect(detail).toEqual({
        expected: `a name, or ${expected}`,
        received: value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value,
        path: [kind],
        problem: message,
      });
    }
  });

  it('is also one without a name', () => {
    expect(refusal('methods', { stages: () => [] }).code).toBe('ANC_CONFIG');
    expect(refusal('datasets', { split: () => 1, name: 3 }).code).toBe('ANC_CONFIG');
  });
});

describe('isNetwork, isDataset and isTeacher', () => {
  const teacher = new CornerTeacher();

  it('know values of this package, and of another copy by their methods', () => {
    const copy = (value: object) =>
      Object.fromEntries(
        ['name', 'init', 'apply', 'summary', 'split', 'infer']
          .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
          .filter(([, member]) => member !== undefined),
      );
    for (const of of [(value: object) => value, copy]) {
      expect([network, dataset, teacher].map((value) => isNetwork(of(value)))).toEqual([true, false, false]);
      expect([network, dataset, teacher].map((value) => isDataset(of(value)))).toEqual([false, true, false]);
      expect([network, dataset, teacher].map((value) => isTeacher(of(value)))).toEqual([false, false, true]);
    }
  });

  it('take nothing else', () => {
    for (const value of [null, undefined, 'text', 3, {}, () => 1]) {
      expect([isNetwork(value), isDataset(value), isTeacher(value)]).toEqual([false, false, false]);
    }
  });
});

describe('checkedPlugins', () => {
  const plugin = definePlugin({ name: 'mine', apiVersion: PLUGIN_API_VERSION });

  it('takes names and plugins', () => {
    const plugins = ['pack', './file.mjs', plugin];
    expect(checkedPlugins(plugins)).toBe(plugins);
  });

  it.each([
    [{ name: 'mine', apiVersion: 1 }, 'ANC_PLUGIN'],
    [null, 'ANC_PLUGIN'],
    [() => plugin, 'ANC_PLUGIN'],
    [definePlugin({ name: 'old', apiVersion: 0 }), 'ANC_PLUGIN_API'],
  ])('refuses %o', (value, code) => {
    expect(() => checkedPlugins([plugin, value as never])).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});
