import { z } from 'zod';

export const onnxSchema = z.strictObject({
  runtime: z
    .enum(['auto', 'node', 'web'])
    .default('auto')
    .describe('auto: onnxruntime-node where it can be loaded, else onnxruntime-web'),
  executionProviders: z
    .array(z.string())
    .min(1)
    .default(['cpu'])
    .describe('in order of preference: cpu, webgpu, cuda, …'),
  threads: z.number().int().positive().optional().describe('all processors by default'),
  spinning: z
    .boolean()
    .default(false)
    .describe(
      'idle threads wait busily; where others want the processors too, a step takes about twice as long',
    ),
  graphOptimizationLevel: z.enum(['disabled', 'basic', 'extended', 'layout', 'all']).default('all'),
  profile: z.string().optional().describe("path prefix of ONNX Runtime's profiles"),
});

/** Options of `onnx:<execution provider>`: the provider is in the name. */
export const acceleratorSchema = onnxSchema.omit({ runtime: true, executionProviders: true });

export type AcceleratorOptions = z.infer<typeof acceleratorSchema>;
export type OnnxOptions = z.infer<typeof onnxSchema>;
