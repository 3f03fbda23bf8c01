import { AncError, isAncError } from '@anc/core';
import { assertPlugin, importOptional, platformName, reportBackend, fastest } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import { openBest } from '../src/best.js';
import { openCpu } from '../src/cpu.js';
import tfjsPlugin, { openNode, openWasm } from '../src/index.js';
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
  it('without its files is refused before the library prints to the terminal', async () => {
    const error = await failure(() => openWasm({ path: '/nowhere/' }));
    expect(error.code).toBe('ANC_BACKEND_BROKEN');
    expect(error.detail.expected).toContain('tfjs-backend-wasm-simd.wasm');
    expect(error.detail.hint).toContain('path');
  });
});

describe('a missing package', () => {
  const missing = (load: (specifier: string) => Promise<unknown>) => ({
    name: '@nobody/nothing',
    version: '1.2.3',
    platforms: [platformName()!],
    backend: 'test',
    repair: 'npm rebuild @nobody/nothing',
    load,
  });

  it('is named with the command that installs it', async () => {
    const error = await failure(() => importOptional(missing((specifier) => import(specifier))));
    expect(error.code).toBe('ANC_BACKEND_MISSING');
    expect(error.detail.hint).toBe('npm install @nobody/nothing@1.2.3');
    expect(error.message).toContain('@nobody/nothing');
  });

  it('is distinguished from a broken one', async () => {
    const error = await failure(() =>
      importOptional(missing(() => Promise.reject(new Error('the native addon can not be found\nat …')))),
    );
    expect(error.code).toBe('ANC_BACKEND_BROKEN');
    expect(error.detail.hint).toBe('npm rebuild @nobody/nothing');
    expect(error.detail.received).toBe('the native addon can not be found');
  });

  it('appears in the report of a backend, without an exception', async () => {
    const report = await reportBackend('test', () =>
      Promise.reject(new AncError('ANC_BACKEND_MISSING', 'it is missing.', { hint: 'npm install it' })),
    );
    expect(report).toEqual({
      name: 'test',
      usable: false,
      reason: 'it is missing.',
      remedy: 'npm install it',
      install: null,
      device: null,
      memory: null,
      imagesPerSecond: null,
    });
  });

  it('does not make tfjs-node usable', async () => {
    const report = await reportBackend('tfjs:node', () => openNode('node'), 0.1);
    if (report.usable) return; // it is installed here
    expect(report.remedy).toContain('@tensorflow/tfjs-node');
    expect(report.remedy).toContain('npm ');
  });
});

describe('the speed measurement', () => {
  it('covers every usable variant and finds the fastest', async () => {
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

describe('functions that newer versions of Node removed', () => {
  it('are restored, and nothing else', () => {
    const util: Record<string, unknown> = { isArray: Array.isArray, inspect: 1 };
    restoreUtil(util);
    const predicate = (name: string) => util[name] as (value: unknown) => boolean;
    expect([null, undefined, 0, ''].map(predicate('isNullOrUndefined'))).toEqual([true, true, false, false]);
    expect(predicate('isString')('x')).toBe(true);
    expect(predicate('isObject')(null)).toBe(false);
    expect(util.isArray).toBe(Array.isArray);
    expect(util.inspect).toBe(1);
  });

  it('do not cause deprecation warnings while loading', async () => {
    const before = process.noDeprecation === true;
    expect(await withoutDeprecations(() => Promise.resolve(process.noDeprecation))).toBe(true);
    expect(process.noDeprecation).toBe(before);
  });
});
