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
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'microseconds that a thread waits busily for work before it sleeps; pays where nobody else wants the processors',
    ),
  stepsPerCall: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe('steps that are sent to the processor together, at most, where the state is large'),
  graphOptimizationLevel: z.enum(['disabled', 'basic', 'extended', 'layout', 'all']).default('all'),
  profile: z.string().optional().describe("path prefix of ONNX Runtime's profiles"),
});

/** Options of `onnx:<execution provider>`: the provider is in the name. */
export const acceleratorSchema = onnxSchema.omit({ runtime: true, executionProviders: true });

export type AcceleratorOptions = z.infer<typeof acceleratorSchema>;
export type OnnxOptions = z.infer<typeof onnxSchema>;
