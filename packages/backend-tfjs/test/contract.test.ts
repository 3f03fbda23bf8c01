import { backendContract } from '@anc/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openWasm } from '../src/index.js';

/** Number of tensors that tfjs tracks, plus those on WebAssembly's heap. */
const held = (): number =>
  tf.memory().numTensors +
  ((tf.findBackend('wasm') as { numDataIds(): number } | null) ?? { numDataIds: () => 0 }).numDataIds();

describe('tfjs:wasm', () => {
  backendContract({ describe, it, expect }, () => openWasm(), {
    capabilities: { rankMeans: 'blocking' },
    held,
  });
});
