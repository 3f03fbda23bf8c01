import type * as Ort from 'onnxruntime-common';
import { createRequire } from 'node:module';
import type { EngineInfo, EngineOptions } from './protocol.js';

export interface Runtime {
  readonly ort: typeof Ort;
  readonly info: EngineInfo;
  readonly session: Ort.InferenceSession.SessionOptions;
}

const WEB_NOTICE =
  'onnxruntime-node cannot be loaded, so steps run in WebAssembly (onnxruntime-web): results are equal to ' +
  'rounding, a step takes several times as long. Install onnxruntime-node to change that.';

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}

async function loadNode(): Promise<typeof Ort> {
  return await import('onnxruntime-node');
}

async function loadWeb(threads: number): Promise<typeof Ort> {
  const ort = (await import('onnxruntime-web')) as unknown as typeof Ort;
  ort.env.wasm.numThreads = threads;
  return ort;
}

/** Names of what onnxruntime-node was built with. */
const supported = (ort: typeof Ort): string[] => {
  const { listSupportedBackends } = ort as { listSupportedBackends?: () => readonly { name: string }[] };
  return listSupportedBackends?.().map(({ name }) => name) ?? ['cpu'];
};

/** Loads ONNX Runtime, natively where that works, and settles the options of its sessions. */
export async function loadRuntime(options: EngineOptions): Promise<Runtime> {
  let ort: typeof Ort;
  let runtime: EngineInfo['runtime'] = 'onnxruntime-node';
  let notice: string | null = null;
  try {
    if (options.runtime === 'web') throw new Error('asked for');
    ort = await loadNode();
  } catch (error) {
    if (options.runtime === 'node') throw error;
    runtime = 'onnxruntime-web';
    if (options.runtime === 'auto') notice = WEB_NOTICE;
    ort = await loadWeb(options.intraOpThreads);
  }
  // An accelerator that is not there would be told on the terminal twice before it is thrown.
  ort.env.logLevel = options.executionProviders[0] === 'cpu' ? 'error' : 'fatal';
  const providers = runtime === 'onnxruntime-web' ? ['wasm'] : [...options.executionProviders];
  const available = runtime === 'onnxruntime-web' ? ['wasm'] : supported(ort);
  return {
    ort,
    info: {
      runtime,
      version: versionOf(runtime === 'onnxruntime-web' ? 'onnxruntime-common' : runtime),
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
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: options.spinning ? '1' : '0' } } },
      ...(options.profile === null ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    },
  };
}
