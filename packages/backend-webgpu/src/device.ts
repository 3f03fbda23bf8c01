/// <reference types="@webgpu/types" />
import { AncError } from '@anc/core';

/** What tfjs's shaders may need, asked of the adapter in full. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/**
 * A device that remembers its first failure. WebGPU does not throw: what goes wrong on the device comes as an
 * event, and whatever is read afterwards may be stale.
 */
export class WatchedDevice {
  #failure: AncError | null = null;
  #closing = false;

  private constructor(
    readonly device: GPUDevice,
    readonly info: GPUAdapterInfo,
  ) {
    device.onuncapturederror = (event) => {
      event.preventDefault(); // it is reported as an exception, not on the terminal
      const { error } = event;
      const why = error.message.trim().split('\n')[0]!;
      this.#fail(
        error.constructor.name === 'GPUOutOfMemoryError'
          ? new AncError('ANC_DEVICE_MEMORY', 'the GPU is out of memory.', {
              received: why,
              hint: 'lower the batch size; the last checkpoint is intact and resumes on any backend.',
            })
          : new AncError('ANC_DEVICE', 'the GPU refused an operation, so its results are worth nothing.', {
              received: why,
              hint: 'lower the batch size if a size is too large for it, or resume the last checkpoint on another backend.',
            }),
      );
    };
    void device.lost.then(({ reason, message }) => {
      if (this.#closing) return;
      this.#fail(
        new AncError('ANC_DEVICE_LOST', 'the GPU was lost.', {
          received: message.trim() || reason,
          hint: 'the last checkpoint is intact: resume it, on this backend or another (--backend tfjs:wasm).',
        }),
      );
    });
  }

  /** Throws `ANC_DEVICE` where there is no adapter, or it gives no device. */
  static async open(gpu: GPU, powerPreference: GPUPowerPreference): Promise<WatchedDevice> {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter === null) {
      throw new AncError('ANC_DEVICE', 'WebGPU finds no adapter on this machine.', {
        hint:
          'install a Vulkan driver for the GPU (Linux), or use tfjs:wasm. Without a GPU, VK_DRIVER_FILES can name ' +
          'a software driver.',
      });
    }
    const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
    const device = await adapter.requestDevice({ requiredLimits });
    return new WatchedDevice(device, (adapter as unknown as { info: GPUAdapterInfo }).info);
  }

  /** Throws what went wrong so far. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  close(): void {
    this.#closing = true;
    this.device.destroy();
  }

  #fail(error: AncError): void {
    this.#failure ??= error; // what follows the first failure is its consequence
  }
}
