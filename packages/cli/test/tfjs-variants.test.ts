import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000 }); // backends are opened in processes of their own

/** tfjs as `@anc/backend-tfjs` has it; a second copy shares its registries. */
const beside = createRequire(
  join(dirname(createRequire(import.meta.url).resolve('@anc/backend-tfjs/package.json')), 'dist', 'index.js'),
);
const path = (name: string): string => JSON.stringify(beside.resolve(name));

/** Registers what tfjs-node-gpu registers, with plain JavaScript behind it. */
const fake = (engine: string): string => `
const tf = require(${path('@tensorflow/tfjs-core')});
const { MathBackendCPU } = require(${path('@tensorflow/tfjs-backend-cpu')});
tf.copyRegisteredKernels('cpu', 'tensorflow');
tf.registerBackend('tensorflow', () => { ${engine} });
`;
const withoutGpu = fake(
  `return Object.assign(new MathBackendCPU(), { isUsingGpuDevice: false, binding: { TF_Version: '0.0-fake' } });`,
);

interface Report {
  readonly name: string;
  readonly usable: boolean;
  readonly reason: string | null;
  readonly remedy: string | null;
  readonly device: string | null;
}

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

/** What doctor says where `@tensorflow/tfjs-node-gpu` is installed and is `source`. */
async function examined(source: string, ...names: string[]): Promise<readonly Report[]> {
  const folder = join(place.path, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "main": "index.js" }');
  await writeFile(join(folder, 'index.js'), source);
  const { stdout } = await inProcess(['doctor', ...names, '--seconds', '0.1', '--json'], place.path);
  return (JSON.parse(stdout) as { backends: readonly Report[] }).backends;
}

describe('tfjs, where tfjs-node-gpu is installed', () => {
  it('and finds no GPU: its library computes on the processor, and that is said', async () => {
    const [gpu, best, node] = await examined(withoutGpu, 'tfjs:node-gpu', 'tfjs', 'tfjs:node');
    expect(gpu).toMatchObject({
      usable: false,
      reason: 'backend "tfjs:node-gpu": TensorFlow finds no CUDA GPU.',
      remedy: 'install the NVIDIA driver with CUDA 11.8 and cuDNN 8.6, or use tfjs:node.',
    });
    expect(best).toMatchObject({ usable: true, device: expect.stringContaining('threads') as string });
    expect(best!.reason).toBe(
      'Passed over: backend "tfjs:node-gpu": TensorFlow finds no CUDA GPU. ' +
        'To use it: install the NVIDIA driver with CUDA 11.8 and cuDNN 8.6, or use tfjs:node.',
    );
    expect(node).toMatchObject({ usable: false, install: '@tensorflow/tfjs-node@4.22.0' });
  });

  it('and does not load: WebAssembly computes, and that is said', async () => {
    const broken = `throw new Error('libcudart.so.11.0: cannot open shared object file');`;
    const [gpu, best] = await examined(broken, 'tfjs:node-gpu', 'tfjs');
    expect(gpu).toMatchObject({ usable: false, remedy: expect.stringContaining('npm rebuild') as string });
    expect(best).toMatchObject({ usable: true });
    expect(best!.reason).toContain('is installed and does not load. libcudart.so.11.0');
  });

  it('and its engine does not start: WebAssembly computes, and that is said', async () => {
    const [best] = await examined(fake(`throw new Error('no device');`), 'tfjs');
    expect(best).toMatchObject({ usable: true });
    expect(best!.reason).toContain('@tensorflow/tfjs-node-gpu loads and does not start.');
  });
});
