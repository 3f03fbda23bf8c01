import { AncError } from '@anc/core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { WatchedDevice } from './device.js';
import { openGpu } from './gpu.js';
import { registerProducts } from './products/register.js';

/** The device of a process, tfjs's backend on it, and how many backends of ours use both. */
export interface OpenedDevice {
  readonly watched: WatchedDevice;
  /** The engine that runs tfjs's kernels. */
  readonly engine: WebGPUBackend;
  /** What offers WebGPU: `Dawn` or `browser`. */
  readonly gpu: string;
  /** Ends one use; the last one closes the device. */
  release(): void;
}

interface Choice {
  readonly adapter: string | undefined;
  readonly powerPreference: GPUPowerPreference;
}

/** tfjs supports one WebGPU device at a time. */
let current: { readonly choice: Choice; readonly opening: Promise<OpenedDevice>; users: number } | null =
  null;

/**
 * Opens the device, or shares the one that is open: backends of different precisions compute on one device.
 *
 * @throws `ANC_BACKEND_MISSING` without Dawn, `ANC_DEVICE` without an adapter, `ANC_BACKEND` if the browser has no WebGPU
 *   or a device of another choice is open
 */
export async function openDevice(choice: Choice): Promise<OpenedDevice> {
  if (
    current !== null &&
    (current.choice.adapter !== choice.adapter || current.choice.powerPreference !== choice.powerPreference)
  ) {
    throw new AncError(
      'ANC_BACKEND',
      'backend "webgpu" is open already in this process, on another device.',
      {
        expected: 'the same adapter and powerPreference',
        hint: 'dispose the first one, or use it.',
      },
    );
  }
  const shared = (current ??= { choice, opening: open(choice), users: 0 });
  shared.users++;
  const leave = (): boolean => {
    shared.users--;
    if (shared.users > 0) return false;
    if (current === shared) current = null;
    return true;
  };
  try {
    const opened = await shared.opening;
    return { ...opened, release: () => (leave() ? opened.release() : undefined) };
  } catch (error) {
    leave();
    throw error;
  }
}

async function open({ adapter, powerPreference }: Choice): Promise<OpenedDevice> {
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
  tf.env().set('PROD', true); // hides the warning that a registered backend is replaced
  tf.env().set('WEBGPU_CPU_FORWARD', false); // else small tensors silently run on the processor
  if (Object.hasOwn(tf.engine().registryFactory, 'webgpu')) tf.removeBackend('webgpu'); // tfjs's own
  const engine = new WebGPUBackend(watched.device, watched.info);
  tf.registerBackend('webgpu', () => engine, 0);
  registerProducts();
  return {
    watched,
    engine,
    gpu: opened.engine,
    release: () => {
      tf.removeBackend('webgpu');
      watched.close();
      opened.release();
    },
  };
}
