import { AncError, EagerBackend } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { WatchedDevice } from './device.js';
import { registerFilterGradient } from './filter-gradient.js';
import { openGpu } from './gpu.js';
import { webgpuSchema, type WebgpuOptions } from './options.js';

/** tfjs has one WebGPU device at a time. */
let isOpen = false;

/**
 * WebGPU: Dawn in Node (the optional package `webgpu`), `navigator.gpu` in a browser.
 *
 * Throws `ANC_BACKEND_MISSING` without Dawn, `ANC_DEVICE` without an adapter. What goes wrong on the device
 * later fails the next step, or the reading of its results: `ANC_DEVICE_LOST`, `ANC_DEVICE_MEMORY`,
 * `ANC_DEVICE`.
 */
export async function openWebgpu(given: WebgpuOptions = {}): Promise<EagerBackend> {
  const { adapter, powerPreference } = webgpuSchema.parse(given);
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
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu'); // after navigator.gpu is there
  const { device, info } = watched;
  tf.env().set('PROD', true); // replacing a registered backend would be told on the terminal
  tf.env().set('WEBGPU_CPU_FORWARD', false); // small tensors would silently run elsewhere
  if (Object.hasOwn(tf.engine().registryFactory, 'webgpu')) tf.removeBackend('webgpu'); // tfjs's own
  const engine = new WebGPUBackend(device, info);
  tf.registerBackend('webgpu', () => engine, 0);
  registerFilterGradient();
  isOpen = true;

  let before = Promise.resolve();
  return new EagerBackend('webgpu', {
    name: 'webgpu',
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
      engine.ensureCommandEncoderReady(); // the last op may just have sent everything off
      engine.endComputePassEncoder();
      engine.submitQueue();
      const now = device.queue.onSubmittedWorkDone();
      await before;
      before = now;
    },
    close: async () => {
      await before;
      isOpen = false;
      tf.removeBackend('webgpu');
      watched.close();
      opened.release();
    },
  });
}
