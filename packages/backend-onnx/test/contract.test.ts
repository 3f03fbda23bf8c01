import { backendContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';

describe('onnx, native', () => {
  backendContract({ describe, it, expect }, () => OnnxBackend.create({ runtime: 'node' }), {
    capabilities: { rankMeans: 'awaiting' },
  });
});
