import { assertPlugin, AncError, importOptional, isAncError, reportBackend, fastest } from '@anc/core';
import { describe, expect, it } from 'vitest';
import tfjsPlugin, { openBest, openCpu, openNode, openWasm } from '../src/index.js';
import { restoreUtil, withoutDeprecations } from '../src/node/compatibility.js';

const failure = async (action: () => Promise<unknown>): Promise<AncError> => {
  try {
    await action();
  } catch (error) {
    if (isAncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('the plugin', () => {
  it('registers every variant by name', () => {
    const plugin = tfjsPlugin();
    assertPlugin(plugin, 'test');
    expect(Object.keys(plugin.backends ?? {}).sort()).toEqual([
      'tfjs',
      'tfjs:cpu',
      'tfjs:node',
      'tfjs:node-gpu',
      'tfjs:wasm',
    ]);
  });

  it('opens the best variant that starts', async () => {
    const backend = await openBest();
    expect(['tfjs:node-gpu', 'tfjs:node', 'tfjs:wasm']).toContain(backend.name);
    await backend.dispose();
  });
});

describe('WebAssembly', () => {
  it('whose files are not there is refused before the library says so on the terminal', async () => {
    const error = await failure(() => openWasm({ path: '/nowhere/' }));
    expect(error.code).toBe('ANC_BACKEND_BROKEN');
    expect(error.detail.expected).toContain('tfjs-backend-wasm-simd.wasm');
    expect(error.detail.hint).toContain('path');
  });
});

describe('a package that is not there', () => {
  const wanted = (load: (specifier: string) => Promise<unknown>) => ({
    name: '@nobody/nothing',
    version: '1.2.3',
    backend: 'test',
    repair: 'npm rebuild @nobody/nothing',
    load,
  });

  it('is named with the command that installs it', async () => {
    const error = await failure(() => importOptional(wanted((specifier) => import(specifier))));
    expect(error.code).toBe('ANC_BACKEND_MISSING');
    expect(error.detail.hint).toBe('npm install @nobody/nothing@1.2.3');
    expect(error.message).toContain('@nobody/nothing');
  });

  it('is told from one that is broken', async () => {
    const error = await failure(() =>
      importOptional(wanted(() => Promise.reject(new Error('the native addon can not be found\nat …')))),
    );
    expect(error.code).toBe('ANC_BACKEND_BROKEN');
    expect(error.detail.hint).toBe('npm rebuild @nobody/nothing');
    expect(error.detail.received).toBe('the native addon can not be found');
  });

  it('makes the report of a backend, not an exception', async () => {
    const report = await reportBackend('test', () =>
      Promise.reject(new AncError('ANC_BACKEND_MISSING', 'it is not there.', { hint: 'npm install it' })),
    );
    expect(report).toEqual({
      name: 'test',
      usable: false,
      reason: 'it is not there.',
      remedy: 'npm install it',
      device: null,
      memory: null,
      imagesPerSecond: null,
    });
  });

  it('does not make tfjs-node usable', async () => {
    const report = await reportBackend('tfjs:node', () => openNode('node'), 0.1);
    if (report.usable) return; // someone has installed it
    expect(report.remedy).toContain('@tensorflow/tfjs-node');
    expect(report.remedy).toContain('npm ');
  });
});

describe('the speed reading', () => {
  it('is taken of every usable variant, and the fastest is found', async () => {
    const reports = [
      await reportBackend('tfjs:cpu', openCpu, 0.1),
      await reportBackend('tfjs:wasm', () => openWasm(), 0.1),
    ];
    for (const report of reports) {
      expect(report.usable).toBe(true);
      expect(report.reason).toBe(null);
      expect(report.device).toContain('threads');
      expect(report.imagesPerSecond).toBeGreaterThan(0);
    }
    expect(
      fastest([
        { ...reports[0]!, imagesPerSecond: 1 },
        { ...reports[1]!, imagesPerSecond: 2 },
      ])?.name,
    ).toBe('tfjs:wasm');
    expect(fastest([{ ...reports[0]!, usable: false }])).toBe(null);
  });
});

describe('what newer versions of Node took away', () => {
  it('comes back, and only that', () => {
    const util: Record<string, unknown> = { isArray: Array.isArray, inspect: 1 };
    restoreUtil(util);
    const predicate = (name: string) => util[name] as (value: unknown) => boolean;
    expect([null, undefined, 0, ''].map(predicate('isNullOrUndefined'))).toEqual([true, true, false, false]);
    expect(predicate('isString')('x')).toBe(true);
    expect(predicate('isObject')(null)).toBe(false);
    expect(util.isArray).toBe(Array.isArray);
    expect(util.inspect).toBe(1);
  });

  it('holds deprecation warnings back only while loading', async () => {
    const before = process.noDeprecation === true;
    expect(await withoutDeprecations(() => Promise.resolve(process.noDeprecation))).toBe(true);
    expect(process.noDeprecation).toBe(before);
  });
});
