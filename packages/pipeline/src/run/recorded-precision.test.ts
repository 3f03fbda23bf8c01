import type { RunFolder } from '@anc/runtime';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Composition } from '../composition/compose.js';
import { resolveFlat } from '../../test/flat-options.js';
import { withRecordedPrecision } from './recorded-precision.js';

const onednn = { name: 'onednn', trainingPrecision: 'bfloat16' };

/** What backends say of their option of a precision. */
const schemas = {
  onednn: z.object({ trainingPrecision: z.enum(['float32', 'bfloat16', 'auto']).default('auto') }),
  onnx: z.object({ trainingPrecision: z.enum(['float32', 'auto']).default('float32') }),
  tfjs: z.object({}),
};
const composition = {
  registries: {
    backends: { get: (name: keyof typeof schemas) => ({ contribution: { options: schemas[name] } }) },
  },
} as unknown as Pick<Composition, 'registries'>;

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
  expect((await withRecordedPrecision(options, folder, composition)).compute.precision).toBe(expected);
});

it.each([
  ['nothing to name where the teacher was only computed there', { precision: 'int8' }, undefined],
  ['its precision where the teacher was trained there', { trainingPrecision: 'float32' }, 'float32'],
])('a run in float32 with a teacher on onednn has %s', async (_, teacher, expected) => {
  const { options } = resolveFlat({ backend: 'onnx' });
  const environment = {
    backend: { name: 'onnx', trainingPrecision: 'float32' },
    teacherBackend: { name: 'onednn', ...teacher },
  };
  const folder = { readEnvironment: () => Promise.resolve(environment) } as unknown as RunFolder;
  expect((await withRecordedPrecision(options, folder, composition)).compute.precision).toBe(expected);
});

it.each(['onnx', 'tfjs'])(
  'the options of a run on %s stay as they are: float32 is its default',
  async (name) => {
    const { options } = resolveFlat({ backend: name });
    const folder = {
      readEnvironment: () => Promise.resolve({ backend: { name, trainingPrecision: 'float32' } }),
    } as unknown as RunFolder;
    expect(await withRecordedPrecision(options, folder, composition)).toBe(options);
  },
);
