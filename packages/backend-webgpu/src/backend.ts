import { AncError, EagerBackend } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { WatchedDevice } from './device.js';
import { registerFilterGradient } from './filter-gradient.js';
import { openGpu } from './gpu.js';
import { webgpuSchema, type WebgpuOptions } from './options.js';

/** tfjs supports one WebGPU device at a time. */
let isOpen = false;

/**
 * WebGPU: Dawn in Node (the optional package `webgpu`), `navigator.gpu` in a browser.
 *
 * An error on the device is thrown by the next step, or when its results are read: `ANC_DEVICE_LOST`,
 * `ANC_DEVICE_MEMORY`, `ANC_DEVICE`.
 *
 * @throws `ANC_BACKEND_MISSING` without Dawn, `ANC_DEVICE` without an adapter, `ANC_BACKEND` if the browser has no WebGPU
 *   or the backend is open already
 */
export async function openWebgpu(options: WebgpuOptions = {}): Promise<EagerBackend> {
  const { adapter, powerPreference } = webgpuSchema.parse(options);
  if (isOpen) {
    throw new AncError('ANC_BACKEND', 'backend "webgpu" is open already in this process.', {
      hint: 'dispose the first one, or use it.',
    });
  }
  const opened = await openGpu(adapter);
  if (opened === null) {
    throw new AncError('ANC_BACKEND', 'this browser has no WebGPU.', {
      hint: 'use a browser that has it, on https or localhost, or tfjs:wasm.',
    });
  }
  let watched: WatchedDevice;
  try {
    watched = await WatchedDevice.open(opened.gpu, powerPreference);
  } catch (error) {
    opened.release();
    throw error;
  }
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu'); // after navigator.gpu exists
  const { device, info } = watched;
  tf.env().set('PROD', true); // hides the warning that a registered backend is replaced
  tf.env().set('WEBGPU_CPU_FORWARD', false); // else small tensors silently run on the processor
  if (Object.hasOwn(tf.engine().registryFactory, 'webgpu')) tf.removeBackend('webgpu'); // tfjs's own
  const engine = new WebGPUBackend(device, info);
  tf.registerBackend('webgpu', () => engine, 0);
  registerFilterGradient();
  isOpen = true;

  let previous = Promise.resolve();
  return new EagerBackend('webgpu', {
    name: 'webgpu',
    capabilities: { rankMeans: null }, // values cannot be read without a promise
    environment: {
      device: [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' '),
      gpu: opened.engine,
      maxBufferSize: device.limits.maxBufferSize,
      maxStorageBufferBindingSize: device.limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: device.limits.maxComputeWorkgroupStorageSize,
    },
    check: () => {
      watched.check();
    },
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
      isOpen = false;
      tf.removeBackend('webgpu');
      watched.close();
      opened.release();
    },
  });
}
