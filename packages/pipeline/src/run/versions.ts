import { createRequire } from 'node:module';

const packages = [
  'anc-cli',
  '@anc/pipeline',
  '@anc/core',
  '@anc/formats',
  '@anc/runtime',
  '@anc/compiler',
  '@anc/backend-onnx',
  '@anc/backend-onednn',
  '@anc/backend-tfjs',
  '@anc/backend-webgpu',
  '@anc/models',
  '@anc/methods',
  '@anc/datasets',
  '@tensorflow/tfjs-core',
];

/** Versions of the installed packages that a result depends on. The command line may not be among them. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    packages.flatMap((name) => {
      try {
        return [[name, (require(`${name}/package.json`) as { version: string }).version] as const];
      } catch {
        return [];
      }
    }),
  );
}
