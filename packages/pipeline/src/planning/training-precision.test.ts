import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Composition } from '../composition/compose.js';
import type { RunOptions } from '../options/run-options.js';
import { checkTrainingPrecision, PRECISION } from './training-precision.js';

const OPTIONS: Readonly<Record<string, z.ZodType>> = {
  onednn: z.object({ [PRECISION]: z.string() }),
  onnx: z.object({ threads: z.number() }),
};

const composition = {
  registries: { backends: { get: (name: string) => ({ contribution: { options: OPTIONS[name] } }) } },
} as unknown as Composition;

const check = (backend: string, precision?: 'float32' | 'bfloat16' | 'auto', ofStudent?: string): void =>
  checkTrainingPrecision(
    {
      compute: { backend: { name: backend, options: {} }, precision },
      student: ofStudent === undefined ? {} : { backend: { name: ofStudent, options: {} } },
    } as unknown as RunOptions,
    composition,
  );

describe('the precision of training steps', () => {
  it('is refused on a backend that has float32 alone', () => {
    expect(() => check('onnx', 'bfloat16')).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        detail: expect.objectContaining({ received: 'bfloat16 on onnx' }) as unknown,
      }),
    );
    expect(() => check('onednn', 'bfloat16', 'onnx')).toThrow('trains in float32 alone');
  });

  it('is that of the backend that trains students; float32 and auto suit every one', () => {
    for (const precision of ['float32', 'bfloat16', 'auto'] as const) check('onednn', precision);
    check('onnx', 'bfloat16', 'onednn');
    check('onnx', 'float32');
    check('onnx', 'auto');
    check('onnx');
  });
});
