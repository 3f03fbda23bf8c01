import { backendContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { roundedOnProcessor } from './rounded-on-processor.js';

/** Those of float16 on WebGPU: operands and results have 11 bits, updates room for Adam's quotients. */
const LIMITS = { operationLimit: 2e-3, updateLimit: 0.1 };

// What `onnx:cuda` computes in float16, as far as a processor can show it: the graphs, and where they round.
describe('onnx, products of float16', () => {
  const options = {
    runtime: 'node',
    graphOptimizationLevel: 'disabled',
    precision: 'float16',
    trainingPrecision: 'float16',
  } as const;
  backendContract(
    { describe, it, expect },
    () => OnnxBackend.create(options, { passes: [roundedOnProcessor] }),
    { ...LIMITS, capabilities: { rankMeans: 'awaiting' } },
  );
});
