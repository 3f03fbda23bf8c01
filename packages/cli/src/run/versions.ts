import { createRequire } from 'node:module';

const packages = [
  'anc-cli',
  '@anc/core',
  '@anc/formats',
  '@anc/runtime',
  '@anc/backend-onnx',
  '@anc/backend-tfjs',
  '@anc/backend-webgpu',
  '@anc/models',
  '@anc/methods',
  '@anc/datasets',
  '@tensorflow/tfjs-core',
];

/** Versions of the packages that a result depends on. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    packages.map((name) => [name, (require(`${name}/package.json`) as { version: string }).version]),
  );
}
