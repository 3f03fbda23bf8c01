/** An execution provider of ONNX Runtime besides the processor's. */
export interface Provider {
  readonly summary: string;
  /** What to do if it is not in this build of ONNX Runtime, or does not start. */
  readonly remedy: string;
}

export const providers = {
  webgpu: {
    summary: 'compiled steps on a GPU by WebGPU (Vulkan, Metal, Direct3D)',
    remedy:
      'install a Vulkan driver for the GPU (Linux: apt-get install libvulkan1 and the vendor’s driver), or use onnx.',
  },
  cuda: {
    summary: 'compiled steps on an NVIDIA GPU; Linux and Windows, x86-64',
    remedy:
      'with CUDA 12 and cuDNN 9 installed: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --foreground-scripts',
  },
  dml: { summary: 'compiled steps by DirectML; Windows', remedy: 'it is for Windows: use onnx:webgpu here.' },
  coreml: {
    summary: 'compiled steps by Core ML; macOS',
    remedy: 'it is for macOS: use onnx:webgpu here.',
  },
} as const satisfies Readonly<Record<string, Provider>>;

export type ProviderName = keyof typeof providers;
