import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { callSite, faultOf } from './call-site.js';
import { AncError } from './error.js';

beforeAll(() => tf.setBackend('cpu'));

const withStack = (...frames: readonly string[]): Error =>
  Object.assign(new Error('x'), {
    stack: ['Error: x', ...frames.map((frame) => `    at ${frame}`)].join('\n'),
  });

describe('callSite', () => {
  it.each([
    '/app/node_modules/@tensorflow/tfjs-core/dist/engine.js:1:1',
    'relu (/app/node_modules/@anc/core/dist/layers/elementwise.js:9:9)',
    'Object.apply (/src/packages/core/src/layers/conv2d.ts:5:5)',
    'trace (C:\\app\\node_modules\\@anc\\compiler\\dist\\trace\\trace-step.js:7:7)',
    'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    'new Promise (<anonymous>)',
  ])('passes over %s', (frame) => {
    expect(callSite(withStack(frame, 'create (/app/my-plugin.mjs:12:34)', 'main (/app/run.mjs:1:1)'))).toBe(
      'create (/app/my-plugin.mjs:12:34)',
    );
  });

  it('takes tests of core and other packages for authors', () => {
    const test = 'it (/src/packages/core/src/layers/layers.test.ts:3:3)';
    expect(callSite(withStack(test))).toBe(test);
    const method = 'stages (/src/packages/methods/src/methods/kd.ts:3:3)';
    expect(callSite(withStack(method))).toBe(method);
  });

  it('says so where every frame is internal, or there is none', () => {
    expect(callSite(withStack('run (node:internal/main:1:1)'))).toBe('an unknown line');
    expect(callSite(withStack())).toBe('an unknown line');
  });

  it('finds the caller in the current stack, however deep tfjs nests', () => {
    const nested = (depth: number): string =>
      depth === 0 ? callSite() : tf.tidy(() => nested(depth - 1) as never);
    expect(nested(20)).toContain('call-site.test.ts');
  });
});

describe('faultOf', () => {
  it('names the line at which a plugin failed', () => {
    const cause = new RangeError('too long');
    const fault = faultOf('ANC_STAGE', 'the code of stage "play"', cause);
    expect(fault).toBeInstanceOf(AncError);
    expect(fault).toMatchObject({
      code: 'ANC_STAGE',
      message: 'the code of stage "play" fails: too long',
      cause,
      detail: { received: expect.stringMatching(/^RangeError at .*call-site\.test\.ts/) as string },
    });
  });

  it('takes anything that was thrown', () => {
    expect(faultOf('ANC_STAGE', 'it', 'a text')).toMatchObject({
      message: 'it fails: a text',
      cause: 'a text',
    });
  });

  it('returns an AncError and an abort as they are', () => {
    const known = new AncError('ANC_SHAPE', 'wrong');
    const abort = new DOMException('stopped', 'AbortError');
    expect(faultOf('ANC_STAGE', 'it', known)).toBe(known);
    expect(faultOf('ANC_STAGE', 'it', abort)).toBe(abort);
  });
});
