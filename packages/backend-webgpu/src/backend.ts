import { AncError, EagerBackend } from '@anc/core';
import { openDevice } from './opened-device.js';
import { webgpuSchema, type WebgpuOptions } from './options.js';
import { inHalfPrecision } from './products/precision.js';

/**
 * WebGPU: Dawn in Node (the optional package `webgpu`), `navigator.gpu` in a browser. Backends that are open at the same time
 * share the device, whatever their precisions are.
 *
 * An error on the device is thrown by the next step, or when its results are read: `ANC_DEVICE_LOST`,
 * `ANC_DEVICE_MEMORY`, `ANC_DEVICE`.
 *
 * @throws `ANC_BACKEND_MISSING` without Dawn, `ANC_DEVICE` without an adapter, `ANC_BACKEND` if the browser has no WebGPU
 *   or another device is open, `ANC_BACKEND_DEVICE` where float16 is asked for and the GPU does not have it
 */
export async function openWebgpu(options: WebgpuOptions = {}): Promise<EagerBackend> {
  const { adapter, powerPreference, precision, ...given } = webgpuSchema.parse(options);
  const trainingPrecision = given.trainingPrecision === 'auto' ? 'float32' : given.trainingPrecision;
  const opened = await openDevice({ adapter, powerPreference });
  const { watched, engine } = opened;
  const { device, info, hasFloat16 } = watched;
  if ([precision, trainingPrecision].includes('float16') && !hasFloat16) {
    opened.release();
    throw new AncError('ANC_BACKEND_DEVICE', 'backend "webgpu": this GPU does not compute with float16.', {
      expected: 'an adapter with the feature shader-f16',
      received: info.description,
      hint: 'use float32.',
    });
  }

  let previous = Promise.resolve();
  return new EagerBackend('webgpu', {
    name: 'webgpu',
    capabilities: { rankMeans: null }, // values cannot be read without a promise
    environment: {
      device: [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' '),
      gpu: opened.gpu,
      maxBufferSize: device.limits.maxBufferSize,
      maxStorageBufferBindingSize: device.limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: device.limits.maxComputeWorkgroupStorageSize,
      precisions: hasFloat16 ? 'float32, float16' : 'float32',
      precision,
      trainingPrecision,
    },
    check: () => {
      watched.check();
    },
    around: (what, compute) =>
      (what === 'step' ? trainingPrecision : precision) === 'float16' ? inHalfPrecision(compute) : compute(),
    // One step may run while the next is recorded: the queue stays short, and an error is at most a step late.
    settled: async () => {
      engine.ensureCommandEncoderReady(); // the last op may just have submitted everything
      engine.endComputePassEncoder();
      engine.submitQueue();
      const now = device.queue.onSubmittedWorkDone();
      await previous;
      previous = now;
    },
    close: async () => {
      await previous;
      opened.release();
    },
  });
}
