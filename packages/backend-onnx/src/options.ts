import { z } from 'zod';

export const onnxSchema = z.strictObject({
  runtime: z
    .enum(['auto', 'node', 'web'])
    .default('auto')
    .describe('which ONNX Runtime to load; auto: onnxruntime-node if possible, else onnxruntime-web'),
  executionProviders: z
    .array(z.string())
    .min(1)
    .default(['cpu'])
    .describe('execution providers in order of preference: cpu, webgpu, cuda, …'),
  threads: z
    .number()
    .int()
    .positive()
    .max(1024)
    .optional()
    .describe('number of threads; default: one per processor'),
  spinning: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'microseconds that an idle thread spins before it sleeps; faster on a machine that does nothing else',
    ),
  stepsPerCall: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe('maximum number of steps per call of the runtime, for models with a large state'),
  graphOptimizationLevel: z
    .enum(['disabled', 'basic', 'extended', 'layout', 'all'])
    .default('all')
    .describe('how far ONNX Runtime optimizes graphs'),
  graphCache: z
    .boolean()
    .default(true)
    .describe(
      "whether steps as ONNX Runtime optimized them are kept in the user's cache folder, for a quicker start",
    ),
  profile: z.string().optional().describe('path prefix under which ONNX Runtime writes profiles'),
});

/** Options of `onnx:<execution provider>`, whose name chooses the provider; only graphs for the processor are kept. */
export const acceleratorSchema = onnxSchema.omit({
  runtime: true,
  executionProviders: true,
  graphCache: true,
});

/** Options of `onnx:<execution provider>`, as `acceleratorSchema` returns them. */
export type AcceleratorOptions = z.infer<typeof acceleratorSchema>;
/** Options of the backend `onnx`, as `onnxSchema` returns them. */
export type OnnxOptions = z.infer<typeof onnxSchema>;
