import { backendContract } from '@anc/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openWasm } from '../src/index.js';

/** Tensors that tfjs knows of, and what kernels left on the heap besides. */
const held = (): number =>
  tf.memory().numTensors +
  ((tf.findBackend('wasm') as { numDataIds(): number } | null) ?? { numDataIds: () => 0 }).numDataIds();

describe('tfjs:wasm', () => {
  backendContract({ describe, it, expect }, () => openWasm(), { held });
});
