/// <reference types="@webgpu/types" />
import { AncError } from '@anc/core';

/** Limits that tfjs's shaders may need: the device gets the adapter's maximum. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** WebGPU's name of the feature that gives shaders the type `f16`. */
const FLOAT16 = 'shader-f16';

/** WGSL wants `enable` before all declarations, where tfjs puts its own: this adds it to shaders that use `f16`. */
function enableFloat16(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create(
      /\bf16\b/.test(descriptor.code)
        ? { ...descriptor, code: `enable f16;\n${descriptor.code}` }
        : descriptor,
    );
}

/**
 * A device that keeps its first failure. WebGPU does not throw: errors on the device arrive as events, and results read
 * after one may be stale.
 */
export class WatchedDevice {
  #failure: AncError | null = null;
  #closing = false;

  private constructor(
    readonly device: GPUDevice,
    readonly info: GPUAdapterInfo,
    /** Whether shaders may compute with float16. */
    readonly hasFloat16: boolean,
  ) {
    if (hasFloat16) enableFloat16(device);
    device.onuncapturederror = (event) => {
      event.preventDefault(); // thrown by `check` instead of printed
      const { error } = event;
      const why = error.message.trim().split('\n')[0]!;
      this.#fail(
        error.constructor.name === 'GPUOutOfMemoryError'
          ? new AncError('ANC_DEVICE_MEMORY', 'the GPU is out of memory.', {
              received: why,
              hint: 'lower the batch size; the last checkpoint is intact and resumes on any backend.',
            })
          : new AncError('ANC_DEVICE', 'the GPU rejected an operation, so its results are invalid.', {
              received: why,
              hint: 'lower the batch size if a tensor is too large for it, or resume the last checkpoint on another backend.',
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

  /** @throws `ANC_DEVICE` if there is no adapter */
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
    const hasFloat16 = adapter.features.has(FLOAT16);
    const device = await adapter.requestDevice({
      requiredLimits,
      ...(hasFloat16 ? { requiredFeatures: [FLOAT16] } : {}),
    });
    return new WatchedDevice(device, (adapter as unknown as { info: GPUAdapterInfo }).info, hasFloat16);
  }

  /** Throws the first failure, if there was one. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  close(): void {
    this.#closing = true;
    this.device.destroy();
  }

  #fail(error: AncError): void {
    this.#failure ??= error; // later failures follow from the first
  }
}
