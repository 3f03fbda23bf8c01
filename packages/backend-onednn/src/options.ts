import { z } from 'zod';

export const onednnSchema = z.strictObject({
  precision: z
    .enum(['float32', 'bfloat16', 'int8'])
    .default('float32')
    .describe(
      'what layers of functions that are not trained multiply; sums, inputs and outputs are float32. int8: for teachers, with ranges measured on training images',
    ),
  trainingPrecision: z
    .enum(['float32', 'bfloat16', 'auto'])
    .default('auto')
    .describe(
      'what layers of training steps multiply, and the images between convolutions; weights, sums, losses and updates are float32. auto: bfloat16 where that is faster than float32, which is with AMX, and with AVX512_BF16 on processors of AMD',
    ),
  threads: z
    .number()
    .int()
    .positive()
    .max(1024)
    .optional()
    .describe('number of threads; default: one per processor'),
});

/** Options of the backend `onednn`, as `onednnSchema` returns them. */
export type OnednnOptions = z.infer<typeof onednnSchema>;
