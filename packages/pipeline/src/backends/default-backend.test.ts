import { describe, expect, it } from 'vitest';
import { withDefaultBackend } from './default-backend.js';

const missing = (): boolean => false;

describe('withDefaultBackend', () => {
  it('changes nothing where the native build is installed', () => {
    const input = { training: { epochs: 2 } };
    expect(withDefaultBackend(input, () => true)).toEqual({ input, notices: [] });
  });

  it('takes the faster backend in WebAssembly where it is not, and says so', () => {
    const { input, notices } = withDefaultBackend(
      { training: { epochs: 2 }, compute: { threads: 1 } },
      missing,
    );
    expect(input).toEqual({ training: { epochs: 2 }, compute: { threads: 1, backend: 'tfjs:wasm' } });
    expect(notices).toEqual([
      expect.stringMatching(
        /^onnxruntime-node is not installed, so tfjs:wasm is the backend.*(doctor --fix|no build)/,
      ),
    ]);
  });

  it.each([
    { compute: { backend: 'onnx' } },
    { teacher: { backend: 'onnx' }, student: { backend: 'tfjs:cpu' } },
  ])('leaves a chosen backend: %j', (input) => {
    expect(withDefaultBackend(input, missing)).toEqual({ input, notices: [] });
  });
});
