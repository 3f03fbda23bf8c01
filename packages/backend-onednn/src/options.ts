import { z } from 'zod';

export const onednnSchema = z.strictObject({
  precision: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe('what layers compute with; sums, inputs and outputs stay float32'),
  threads: z.number().int().positive().optional().describe('number of threads; default: one per processor'),
});

/** Options of the backend `onednn`, as `onednnSchema` returns them. */
export type OnednnOptions = z.infer<typeof onednnSchema>;
