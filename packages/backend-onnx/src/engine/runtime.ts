import type * as Ort from 'onnxruntime-common';
import { NativeApi } from './native-api.js';
import { NATIVE, webNotice } from './native-package.js';
import type { EngineInfo, EngineOptions } from './protocol.js';

export interface Runtime {
  readonly ort: typeof Ort;
  /** The native runtime's C functions, for sessions of sections; null where they are not there. */
  readonly native: () => Promise<NativeApi | null>;
  readonly info: EngineInfo;
  readonly session: Ort.InferenceSession.SessionOptions;
}

const inNode = typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function';

async function loadNode(): Promise<typeof Ort> {
  if (!inNode) throw new Error('a browser');
  const { name } = NATIVE; // not in the import itself: bundlers for browsers would follow it
  return (await import(/* @vite-ignore */ name)) as typeof Ort;
}

/** One of the package's three builds: for Node; for pages, WebAssembly alone, or with the native build's GPU kernels. */
async function loadWeb(threads: number, gpu: boolean): Promise<typeof Ort> {
  const loaded = inNode
    ? import('onnxruntime-web')
    : gpu
      ? import('onnxruntime-web/webgpu') // the plain entry's own, older kernels are wrong for some shapes
      : import('onnxruntime-web/wasm');
  const ort = (await loaded) as unknown as typeof Ort;
  ort.env.wasm.numThreads = threads;
  return ort;
}

const hasGpu = (): boolean => (globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu !== undefined;

/** Execution providers that onnxruntime-node was built with. */
const supported = (ort: typeof Ort): string[] => {
  const { listSupportedBackends } = ort as { listSupportedBackends?: () => readonly { name: string }[] };
  return listSupportedBackends?.().map(({ name }) => name) ?? ['cpu'];
};

/** Loads ONNX Runtime, the native build if possible, and determines the options of its sessions. */
export async function loadRuntime(options: EngineOptions): Promise<Runtime> {
  let ort: typeof Ort;
  let runtime: EngineInfo['runtime'] = 'onnxruntime-node';
  let notice: string | null = null;
  try {
    if (options.runtime === 'web') throw new Error('onnxruntime-web is requested');
    ort = await loadNode();
  } catch (error) {
    if (options.runtime === 'node') throw error;
    runtime = 'onnxruntime-web';
    if (options.runtime === 'auto' && inNode) notice = webNotice();
    ort = await loadWeb(options.intraOpThreads, options.executionProviders[0] === 'webgpu');
  }
  // Else ONNX Runtime prints what it throws as well, with the names in the file as they are.
  ort.env.logLevel = 'fatal';
  const web = runtime === 'onnxruntime-web';
  const available = web ? (hasGpu() ? ['wasm', 'webgpu'] : ['wasm']) : supported(ort);
  const requested = web
    ? options.executionProviders.map((name) => (name === 'cpu' ? 'wasm' : name))
    : options.executionProviders;
  const providers = web && requested[0] !== 'webgpu' ? ['wasm'] : [...requested];
  const isNative = !web && providers.join() === 'cpu' && options.profile === null;
  let native: Promise<NativeApi | null> | null = null;
  return {
    ort,
    native: () => (native ??= isNative ? NativeApi.load() : Promise.resolve(null)),
    info: {
      runtime,
      version: (web ? ort.env.versions.web : ort.env.versions.node) ?? ort.env.versions.common,
      threads: options.intraOpThreads,
      executionProviders: providers,
      available,
      notice,
    },
    session: {
      executionProviders: providers,
      intraOpNumThreads: options.intraOpThreads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: options.graphOptimizationLevel,
      logSeverityLevel: 4,
      extra: { session: { intra_op: spinOptions(options.spinning) } },
      ...(options.profile === null ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    },
  };
}

/** ONNX Runtime's session options for how idle threads wait. */
const spinOptions = (microseconds: number): Record<string, string> =>
  microseconds === 0
    ? { allow_spinning: '0' }
    : { allow_spinning: '1', spin_duration_us: String(microseconds) };
