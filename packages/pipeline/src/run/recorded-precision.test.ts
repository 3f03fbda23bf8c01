import type { RunFolder } from '@anc/runtime';
import { expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { withRecordedPrecision } from './recorded-precision.js';

const onednn = { name: 'onednn', trainingPrecision: 'bfloat16' };

it.each([
  ['the precision that its processor had chosen', undefined, { backend: onednn }, 'bfloat16'],
  ['it with `auto`, too', 'auto', { backend: onednn }, 'bfloat16'],
  ['float32 where it began before there was a choice', undefined, { backend: { name: 'onednn' } }, 'float32'],
  ['the precision that is given', 'float32', { backend: onednn }, 'float32'],
  ['float32 on another backend', undefined, { backend: { name: 'onnx' } }, 'float32'],
  ['no other precision on another backend', undefined, { backend: { ...onednn, name: 'a' } }, undefined],
  [
    'one precision of teacher and students',
    undefined,
    { backend: onednn, teacherBackend: { ...onednn, name: 'a' } },
    'bfloat16',
  ],
  [
    'no precision where teacher and students have different ones',
    undefined,
    { backend: onednn, teacherBackend: { name: 'onnx' } },
    undefined,
  ],
  ['its options where there is no record', undefined, null, undefined],
] as const)('a resumed run keeps %s', async (_, precision, environment, expected) => {
  const { options } = resolveFlat({ backend: 'onednn', ...(precision && { precision }) });
  const folder = { readEnvironment: () => Promise.resolve(environment) } as unknown as RunFolder;
  expect((await withRecordedPrecision(options, folder)).compute.precision).toBe(expected);
});
