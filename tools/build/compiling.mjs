/** How the bundler reads sources. */
import { join } from 'node:path';

const TENSORFLOW = '@tensorflow/tfjs-core';

/** Imports TensorFlow.js by `@anc/core/tensorflow`, which is quicker in Node, but in the files that this entry consists of. */
const quickTensorflow = {
  name: 'quick-tensorflow',
  resolveId: (id, importer = '') =>
    id === TENSORFLOW
      ? { id: importer.includes('/src/tensorflow/') ? TENSORFLOW : '@anc/core/tensorflow', external: true }
      : null,
};

/**
 * Options of rolldown for a package's sources, whose other packages are imported, not included.
 *
 * @param folder the package's, an absolute path
 * @param input files relative to it, by the name of their built file
 */
export const inputOptions = (folder, input) => ({
  cwd: folder,
  input,
  external: (id, _, isResolved) => !isResolved && !id.startsWith('.') && id !== TENSORFLOW,
  plugins: [quickTensorflow],
  platform: 'neutral',
  treeshake: false, // what modules do when they are loaded stays as it is written
  tsconfig: join(folder, 'tsconfig.lib.json'),
  transform: { target: 'es2023' },
  resolve: { extensionAlias: { '.js': ['.ts'] } },
});
