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
    .describe(
      'how far ONNX Runtime optimizes graphs; training steps need none of it where the processor has the NCHWc layout',
    ),
  profile: z.string().optional().describe('path prefix under which ONNX Runtime writes profiles'),
});

/** Options of `onnx:<execution provider>`, whose name chooses the provider. */
export const acceleratorSchema = onnxSchema.omit({
  runtime: true,
  executionProviders: true,
});

const precisions = {
  precision: z
    .enum(['float32', 'float16'])
    .default('float32')
    .describe('what layers of functions that are not trained multiply; sums, inputs and outputs are float32'),
  trainingPrecision: z
    .enum(['float32', 'float16', 'auto'])
    .default('float32')
    .describe(
      'what layers multiply in training steps; weights, sums, losses and updates are float32. auto: float32, since nothing faster was measured',
    ),
};

/** Options of `onnx:cuda`, the provider that adds products of float16 in float32. */
export const cudaSchema = acceleratorSchema.extend(precisions);

/** All options of `OnnxBackend.create`. */
export const createSchema = onnxSchema.extend(precisions);

/** Options of `onnx:<execution provider>`, as `acceleratorSchema` returns them. */
export type AcceleratorOptions = z.infer<typeof acceleratorSchema>;
/** Options of `OnnxBackend.create`, with their defaults. */
export type OnnxBackendOptions = z.infer<typeof createSchema>;
/** Options of the backend `onnx`, as `onnxSchema` returns them. */
export type OnnxOptions = z.infer<typeof onnxSchema>;
