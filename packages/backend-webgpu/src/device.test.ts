/// <reference types="@webgpu/types" />
import { isAncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { WatchedDevice } from './device.js';

class GPUOutOfMemoryError extends Error {}
class GPUValidationError extends Error {}

/** The part of WebGPU that `WatchedDevice` uses, and functions that make it fail. */
function fakeGpu(features: readonly string[] = []) {
  let lose: (info: { reason: string; message: string }) => void = () => {};
  const requests: GPUDeviceDescriptor[] = [];
  const device = {
    lost: new Promise((resolve) => (lose = resolve)),
    destroy: () => lose({ reason: 'destroyed', message: '' }),
    createShaderModule: ({ code }: { code: string }) => code,
    onuncapturederror: null as ((event: { error: Error; preventDefault(): void }) => void) | null,
  };
  const adapter = {
    limits: new Proxy({}, { get: (_, name) => String(name).length }),
    features: new Set(features),
    info: { vendor: 'fake' },
    requestDevice: (descriptor: GPUDeviceDescriptor) => (requests.push(descriptor), Promise.resolve(device)),
  };
  const gpu = { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
  return {
    gpu,
    requests,
    lose: async (message: string) => {
      lose({ reason: 'unknown', message });
      await Promise.resolve();
    },
    refuse: (error: Error) => device.onuncapturederror!({ error, preventDefault: () => {} }),
  };
}

const codeOf = (watched: WatchedDevice): string => {
  try {
    watched.check();
  } catch (error) {
    if (!isAncError(error)) throw error;
    expect(error.detail.hint).toMatch(/resume/); // training can always continue
    return `${error.code}: ${error.detail.received}`;
  }
  return 'ok';
};

describe('a GPU that fails', () => {
  it('requests the limits of the adapter', async () => {
    const { gpu, requests } = fakeGpu();
    await WatchedDevice.open(gpu, 'high-performance');
    expect(requests[0]!.requiredLimits).toMatchObject({ maxBufferSize: 'maxBufferSize'.length });
  });

  it('requests float16 where the adapter has it, and enables it in the shaders that use it', async () => {
    const [without, having] = [fakeGpu(), fakeGpu(['shader-f16', 'subgroups'])];
    const plain = await WatchedDevice.open(without.gpu, 'high-performance');
    expect(plain.hasFloat16).toBe(false);
    expect(without.requests[0]!.requiredFeatures).toBeUndefined();
    const { device, hasFloat16 } = await WatchedDevice.open(having.gpu, 'high-performance');
    expect(hasFloat16).toBe(true);
    expect(having.requests[0]!.requiredFeatures).toEqual(['shader-f16']);
    const [with16, with32] = ['var x : f16;', 'var x : f32; // not af16x'];
    expect(device.createShaderModule({ code: with16 })).toBe(`enable f16;\n${with16}`);
    expect(device.createShaderModule({ code: with32 })).toBe(with32);
  });

  it('is reported by kind', async () => {
    const lost = fakeGpu();
    const gone = await WatchedDevice.open(lost.gpu, 'low-power');
    expect(codeOf(gone)).toBe('ok');
    await lost.lose('the driver was reset');
    expect(codeOf(gone)).toBe('ANC_DEVICE_LOST: the driver was reset');

    const full = fakeGpu();
    const exhausted = await WatchedDevice.open(full.gpu, 'low-power');
    full.refuse(new GPUOutOfMemoryError('no room\nat …'));
    expect(codeOf(exhausted)).toBe('ANC_DEVICE_MEMORY: no room');

    const strict = fakeGpu();
    const refused = await WatchedDevice.open(strict.gpu, 'low-power');
    strict.refuse(new GPUValidationError('too large'));
    expect(codeOf(refused)).toBe('ANC_DEVICE: too large');
  });

  it('is reported by its first failure, from which the others follow', async () => {
    const fake = fakeGpu();
    const watched = await WatchedDevice.open(fake.gpu, 'low-power');
    fake.refuse(new GPUOutOfMemoryError('no room'));
    fake.refuse(new GPUValidationError('invalid buffer'));
    await fake.lose('given up');
    expect(codeOf(watched)).toBe('ANC_DEVICE_MEMORY: no room');
  });

  it('does not count closing as a failure', async () => {
    const watched = await WatchedDevice.open(fakeGpu().gpu, 'low-power');
    watched.close();
    await Promise.resolve();
    expect(codeOf(watched)).toBe('ok');
  });

  it('is refused without an adapter', async () => {
    const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(WatchedDevice.open(none, 'low-power')).rejects.toMatchObject({
      code: 'ANC_DEVICE',
      detail: { hint: /Vulkan/ },
    });
  });
});
