import { AncError, EagerBackend, type Tree } from '@anc/core';
import { importOptional, mainMemory, processorName } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { restoreUtil, withoutDeprecations } from './node/compatibility.js';
import { registerExplicitPadding } from './node/explicit-padding.js';

type Variant = 'node' | 'node-gpu';

/** Both variants register the same tfjs backend, so a process can load only one. */
let loaded: Variant | null = null;

const VERSION = '4.22.0';

/** Name of the tfjs backend that both variants register. */
const ENGINE = 'tensorflow';

/** Where TensorFlow publishes builds of both packages. */
const PLATFORMS: Readonly<Record<Variant, readonly string[]>> = {
  node: ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'],
  'node-gpu': ['linux-x64', 'win32-x64'],
};

const packageOf = (variant: Variant): string => `@tensorflow/tfjs-${variant}`;
const repairOf = (name: string): string => `npm rebuild ${name} --build-addon-from-source`;

/** Loads tfjs-node, which brings all of tfjs, and restores core's gradients, which that replaces. */
async function keepingGradients(load: () => Promise<unknown>): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu'); // has a kernel of every name
  const names = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
  const gradients = names.flatMap((name) => (tf.getGradient(name) as tf.GradConfig | undefined) ?? []);
  await load();
  for (const config of gradients) tf.registerGradient(config);
}

async function load(variant: Variant): Promise<void> {
  const name = packageOf(variant);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // hides the C library's notices about the processor
  tf.env().set('PROD', true); // hides warnings that it registers all of tfjs's backends again
  restoreUtil(process.getBuiltinModule('node:util'));
  await keepingGradients(() =>
    withoutDeprecations(() =>
      importOptional({
        name,
        version: VERSION,
        platforms: PLATFORMS[variant],
        backend: `tfjs:${variant}`,
        repair: repairOf(name),
        load: (specifier) => import(specifier),
      }),
    ),
  );
  registerExplicitPadding();
  loaded = variant;
}

/**
 * TensorFlow's C library through tfjs-node, or tfjs-node-gpu (CUDA). If tfjs-node-gpu was loaded and found no GPU, `node`
 * is its library on the processor, because a process can load only one of the two.
 *
 * @param environment entries to add to the backend's own
 * @throws `ANC_BACKEND_MISSING` if the package is not installed, `ANC_BACKEND_BROKEN` if it does not start,
 *   `ANC_BACKEND_DEVICE` without a GPU, `ANC_BACKEND` outside of Node or beside the other variant
 */
export async function openNode(
  variant: Variant,
  environment: Tree<string | number> = {},
): Promise<EagerBackend> {
  if (typeof process === 'undefined' || !('node' in process.versions)) {
    throw new AncError('ANC_BACKEND', `"tfjs:${variant}" runs in Node only.`, {
      hint: 'use tfjs:wasm or webgpu in a browser.',
    });
  }
  if (loaded === null) await load(variant);
  if (!(await tf.setBackend(ENGINE))) {
    const name = packageOf(loaded ?? variant);
    throw new AncError('ANC_BACKEND_BROKEN', `backend "tfjs:${variant}": ${name} loads and does not start.`, {
      hint: repairOf(name),
    });
  }
  const engine = tf.backend() as { isUsingGpuDevice?: boolean; binding?: { TF_Version?: string } };
  const gpu = engine.isUsingGpuDevice === true;
  if (loaded !== variant && (gpu || variant === 'node-gpu')) {
    throw new AncError('ANC_BACKEND', `"tfjs:${variant}" cannot start beside "tfjs:${loaded}".`, {
      hint: 'use one of the two in a process.',
    });
  }
  if (variant === 'node-gpu' && !gpu) {
    throw new AncError('ANC_BACKEND_DEVICE', 'backend "tfjs:node-gpu": TensorFlow finds no CUDA GPU.', {
      hint: 'install the NVIDIA driver with CUDA 11.8 and cuDNN 8.6, or use tfjs:node.',
    });
  }
  const memory = mainMemory();
  return new EagerBackend(ENGINE, {
    name: `tfjs:${variant}`,
    capabilities: { deterministic: !gpu },
    environment: {
      device: gpu ? 'CUDA GPU' : processorName(),
      ...(memory === null || gpu ? {} : { memory }),
      tensorflow: engine.binding?.TF_Version ?? 'unknown',
      ...environment,
    },
  });
}
