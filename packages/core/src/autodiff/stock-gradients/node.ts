/* eslint no-restricted-imports: off -- the only file of core for Node alone; other platforms use ./static.ts */
import { createRequire } from 'node:module';

// `import` would scan these megabytes of CommonJS for their exports before running them; none of the exports is used.
createRequire(import.meta.url)('@tensorflow/tfjs-layers');
