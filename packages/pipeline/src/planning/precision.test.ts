import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Composition } from '../composition/compose.js';
import type { RunOptions, TeacherOptions } from '../options/run-options.js';
import type { Named } from '../text/named.js';
import { teacherBackend } from './teacher-backend.js';
import { checkTrainingPrecision } from './training-precision.js';

const OPTIONS: Readonly<Record<string, z.ZodType>> = {
  onednn: z.strictObject({
    precision: z.enum(['float32', 'bfloat16', 'int8']).default('float32'),
    trainingPrecision: z.enum(['float32', 'bfloat16', 'auto']).default('float32'),
  }),
  onnx: z.strictObject({ threads: z.number().optional() }),
  'onnx:webgpu': z.strictObject({ threads: z.number().optional() }),
  'onnx:cuda': z.strictObject({
    threads: z.number().optional(),
    precision: z.enum(['float32', 'float16']).default('float32'),
    trainingPrecision: z.enum(['float32', 'float16', 'auto']).default('float32'),
  }),
  webgpu: z.strictObject({
    precision: z.enum(['float32', 'float16']).default('float32'),
    trainingPrecision: z.enum(['float32', 'float16', 'auto']).default('float32'),
  }),
};

/** Backends with the options of precision that the real ones have. */
const composition = {
  registries: {
    backends: {
      names: Object.keys(OPTIONS),
      get: (name: string) => ({ contribution: { options: OPTIONS[name] } }),
    },
  },
} as unknown as Pick<Composition, 'registries'>;

const check = (
  backend: string,
  precision?: 'float32' | 'bfloat16' | 'float16' | 'auto',
  ofStudent?: string,
): void =>
  checkTrainingPrecision(
    {
      compute: { backend: { name: backend, options: {} }, precision },
      student: ofStudent === undefined ? {} : { backend: { name: ofStudent, options: {} } },
    } as unknown as RunOptions,
    composition,
  );

describe('the precision of training steps', () => {
  it('is refused on a backend that does not have it, with those that do', () => {
    expect(() => check('onnx', 'bfloat16')).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        detail: expect.objectContaining({
          expected: 'the backend onednn, or float32',
          received: 'bfloat16 on onnx',
          hint: 'add --backend onednn, or leave out --precision.',
        }) as unknown,
      }),
    );
    expect(() => check('onednn', 'bfloat16', 'onnx')).toThrow('does not train in bfloat16');
    for (const backend of ['onnx', 'onnx:webgpu', 'onednn']) {
      expect(() => check(backend, 'float16')).toThrow(
        expect.objectContaining({
          detail: expect.objectContaining({
            expected: 'the backend onnx:cuda or webgpu, or float32',
            hint: 'add --backend onnx:cuda, or add --backend webgpu, or leave out --precision.',
          }) as unknown,
        }),
      );
    }
    expect(() => check('webgpu', 'bfloat16')).toThrow('the backend webgpu does not train in bfloat16');
  });

  it('is that of the backend that trains students; float32 and auto suit every one', () => {
    for (const precision of ['float32', 'bfloat16', 'auto'] as const) check('onednn', precision);
    for (const backend of ['webgpu', 'onnx:cuda'])
      for (const precision of ['float32', 'float16', 'auto'] as const) check(backend, precision);
    check('onnx', 'bfloat16', 'onednn');
    check('onnx', 'float32');
    check('onnx', 'auto');
    check('onnx');
  });
});

const ONNX = { name: 'onnx', options: { threads: 1 } };

const choose = (
  teacher: Pick<TeacherOptions, 'backend' | 'precision'>,
  backend: Named = ONNX,
): Named | undefined =>
  teacherBackend({ compute: { backend }, teacher } as Parameters<typeof teacherBackend>[0], composition);

describe('teacherBackend', () => {
  it('is one that has the chosen precision, and else what is chosen', () => {
    const onnx = { name: 'onnx', options: { threads: 2 } };
    expect(choose({})).toBeUndefined();
    expect(choose({ backend: onnx })).toBe(onnx);
    expect(choose({ precision: 'float32', backend: onnx })).toBe(onnx);
    expect(choose({ precision: 'float32' })).toEqual({ name: 'onednn', options: { precision: 'float32' } });
    expect(choose({ precision: 'int8' })).toEqual({ name: 'onednn', options: { precision: 'int8' } });
    expect(choose({ precision: 'float16' })).toEqual({ name: 'webgpu', options: { precision: 'float16' } });
    const onednn = { name: 'onednn', options: { threads: 2 } };
    expect(choose({ precision: 'bfloat16', backend: onednn })).toEqual({
      name: 'onednn',
      options: { threads: 2, precision: 'bfloat16' },
    });
  });

  it('is that of the run, with its options, where that one has the precision', () => {
    const webgpu = { name: 'webgpu', options: { powerPreference: 'low-power' } };
    expect(choose({ precision: 'float16' }, webgpu)).toEqual({
      name: 'webgpu',
      options: { powerPreference: 'low-power', precision: 'float16' },
    });
    const cuda = { name: 'onnx:cuda', options: { threads: 1 } };
    expect(choose({ precision: 'float16' }, cuda)).toEqual({
      name: 'onnx:cuda',
      options: { threads: 1, precision: 'float16' },
    });
    expect(choose({ precision: 'int8' }, webgpu)).toEqual({ name: 'onednn', options: { precision: 'int8' } });
  });

  it('refuses a precision that the chosen backend does not have', () => {
    expect(() => choose({ precision: 'int8', backend: ONNX })).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        detail: expect.objectContaining({
          expected: 'the backend onednn for the teacher, or float32',
          received: 'int8 on onnx',
        }) as unknown,
      }),
    );
    const gpu = { name: 'onnx:webgpu', options: {} };
    expect(() => choose({ precision: 'float16', backend: gpu })).toThrow(
      'the backend onnx:webgpu does not compute in float16',
    );
  });
});
