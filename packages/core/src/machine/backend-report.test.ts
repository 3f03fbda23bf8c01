import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { CompiledStep } from '../contracts/backend.js';
import { EagerBackend, type EagerOptions } from '../eager/eager-backend.js';
import { AncError } from '../errors/error.js';
import { fastest, imagesPerSecond, reportBackend, type BackendReport } from './backend-report.js';

/** Runs no step, so that a measurement takes as long as it is given. */
class IdleBackend extends EagerBackend {
  readonly batchSizes: number[] = [];
  disposed = 0;

  constructor(options: EagerOptions = {}) {
    super('cpu', options);
  }

  override compile(...[, { batch }]: Parameters<EagerBackend['compile']>): Promise<CompiledStep> {
    this.batchSizes.push(batch.images!.shape[0]!);
    return Promise.resolve({
      run: () => Promise.resolve(),
      metrics: () => new Promise((resolve) => setTimeout(() => resolve({}), 1)),
      dispose: () => Promise.resolve(),
    });
  }

  override dispose(): Promise<void> {
    this.disposed++;
    return Promise.resolve();
  }
}

const report = (name: string, imagesPerSecond: number | null, usable = true): BackendReport => ({
  name,
  usable,
  reason: null,
  remedy: null,
  install: null,
  device: null,
  memory: null,
  imagesPerSecond,
});

describe('imagesPerSecond', () => {
  it('measures small batches, then large ones where the backend is fast', async () => {
    const idle = new IdleBackend();
    expect(await imagesPerSecond(idle, 0.02)).toBeGreaterThan(16);
    expect(idle.batchSizes).toEqual([4, 128]);
  });

  it('trains the small network on a real backend and releases its tensors', async () => {
    const backend = new EagerBackend('cpu');
    const before = tf.memory().numTensors;
    expect(await imagesPerSecond(backend, 0.001)).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('reportBackend', () => {
  it('lists the precisions that a backend says it has', async () => {
    const having = new IdleBackend({ environment: { precisions: 'float32, float16' } });
    expect((await reportBackend('own', () => having, 0.01)).precisions).toEqual(['float32', 'float16']);
    expect(await reportBackend('own', () => new IdleBackend(), 0.01)).not.toHaveProperty('precisions');
  });

  it('reports device, memory, notice and speed of a usable backend, and closes it', async () => {
    const idle = new IdleBackend({ environment: { device: 'toy', memory: 1024, notice: 'slow start' } });
    const found = await reportBackend('idle', () => idle, 0.01);
    expect(found).toMatchObject({
      name: 'idle',
      usable: true,
      reason: 'slow start',
      remedy: null,
      device: 'toy',
      memory: 1024,
    });
    expect(found.imagesPerSecond).toBeGreaterThan(0);
    expect(idle.disposed).toBe(1);
  });

  it('does not measure a backend that cannot train', async () => {
    const idle = new IdleBackend({ capabilities: { training: false } });
    expect(await reportBackend('idle', () => idle)).toEqual(report('idle', null));
    expect(idle.batchSizes).toEqual([]);
  });

  it('gives reason and remedy of a backend that does not open', async () => {
    const error = new AncError('ANC_BACKEND', 'no driver.', { received: 'none', hint: 'install one.' });
    expect(await reportBackend('toy', () => Promise.reject(error))).toEqual({
      ...report('toy', null, false),
      reason: 'no driver. (none)',
      remedy: 'install one.',
    });
    const text = await reportBackend('toy', () => {
      throw new Error('it broke');
    });
    expect(text).toMatchObject({ usable: false, reason: 'it broke', remedy: null });
  });
});

describe('fastest', () => {
  it('is the usable backend with the most images per second, or null', () => {
    const reports = [report('a', 10), report('b', 30), report('c', 99, false), report('d', null)];
    expect(fastest(reports)?.name).toBe('b');
    expect(fastest([report('c', 99, false), report('d', null)])).toBeNull();
    expect(fastest([])).toBeNull();
  });
});
