import { z } from 'zod';

export const webgpuSchema = z.strictObject({
  precision: z
    .enum(['float32', 'float16'])
    .default('float32')
    .describe(
      'what layers of functions that are not trained multiply; sums, inputs and outputs are float32. float16: where the GPU has shader-f16',
    ),
  trainingPrecision: z
    .enum(['float32', 'float16', 'auto'])
    .default('float32')
    .describe(
      'what layers multiply in training steps; weights, sums, losses and updates are float32. auto: float32, since nothing faster was measured',
    ),
  powerPreference: z
    .enum(['high-performance', 'low-power'])
    .default('high-performance')
    .describe('which adapter to prefer if there are several'),
  adapter: z.string().optional().describe("part of an adapter's name; Node only (Dawn)"),
});

/** Options of the backend `webgpu`. */
export type WebgpuOptions = z.input<typeof webgpuSchema>;
