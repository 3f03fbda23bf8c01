import { describe, expect, it } from 'vitest';
import { teacherBackend } from './teacher-backend.js';

describe('teacherBackend', () => {
  it('is onednn where a precision is chosen, and else what is chosen', () => {
    const onnx = { name: 'onnx', options: { threads: 1 } };
    expect(teacherBackend({})).toBeUndefined();
    expect(teacherBackend({ backend: onnx })).toBe(onnx);
    expect(teacherBackend({ precision: 'int8' })).toEqual({ name: 'onednn', options: { precision: 'int8' } });
    expect(
      teacherBackend({ precision: 'bfloat16', backend: { name: 'onednn', options: { threads: 2 } } }),
    ).toEqual({
      name: 'onednn',
      options: { threads: 2, precision: 'bfloat16' },
    });
    expect(teacherBackend({ precision: 'float32', backend: onnx })).toBe(onnx);
  });

  it('refuses a precision that the chosen backend does not have', () => {
    expect(() => teacherBackend({ precision: 'int8', backend: { name: 'onnx', options: {} } })).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        detail: expect.objectContaining({ received: 'int8 on onnx' }) as unknown,
      }),
    );
  });
});
