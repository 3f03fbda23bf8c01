/* eslint no-restricted-imports: off -- the one file of core that is Node's alone; everywhere else: ./static.ts */
import { createRequire } from 'node:module';

// What is imported of CommonJS, Node reads twice before it runs it, to know its exports. Of these megabytes none is used.
createRequire(import.meta.url)('@tensorflow/tfjs-layers');
