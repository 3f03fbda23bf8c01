import { z } from 'zod';

export const onednnSchema = z.strictObject({
  precision: z
    .enum(['float32', 'bfloat16', 'int8'])
    .default('float32')
    .describe(
      'what layers multiply; sums, inputs and outputs are float32. int8: for teachers, with ranges measured on training images',
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
