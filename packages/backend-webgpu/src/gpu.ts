/// <reference types="@webgpu/types" />
import { importOptional } from '@anc/core/internal';

interface Dawn {
  readonly globals: Readonly<Record<string, unknown>>;
  create(flags: string[]): GPU;
}

const isNode = (): boolean => typeof process !== 'undefined' && 'node' in process.versions;

/** WebGPU's entry point. `release` removes it again, so that the process can exit. */
export interface OpenedGpu {
  readonly gpu: GPU;
  readonly engine: string;
  release(): void;
}

/**
 * WebGPU's entry point: `navigator.gpu` in a browser, Dawn in Node; null in a browser without WebGPU. tfjs looks for it
 * in `navigator` when it is imported, so Dawn is put there.
 *
 * @param adapter part of the adapter's name; Node only
 * @throws `ANC_BACKEND_MISSING` without Dawn
 */
export async function openGpu(adapter?: string): Promise<OpenedGpu | null> {
  const own = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (own !== undefined) return { gpu: own, engine: isNode() ? 'Dawn' : 'browser', release: () => {} };
  if (!isNode()) return null;
  const dawn = (await importOptional({
    name: 'webgpu',
    version: '0.6.2',
    platforms: ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
    backend: 'webgpu',
    repair: 'npm install --force webgpu@0.6.2, on a platform that it is built for (Linux, macOS, Windows)',
    load: (specifier) => import(specifier),
  })) as Dawn;
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create(adapter === undefined ? [] : [`adapter=${adapter}`]);
  if (!('navigator' in globalThis)) {
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  }
  const place = (globalThis as { navigator?: object }).navigator!;
  Object.defineProperty(place, 'gpu', { value: gpu, configurable: true });
  return { gpu, engine: 'Dawn', release: () => Reflect.deleteProperty(place, 'gpu') };
}
