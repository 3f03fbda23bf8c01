import { z } from 'zod';

export const webgpuSchema = z.strictObject({
  powerPreference: z
    .enum(['high-performance', 'low-power'])
    .default('high-performance')
    .describe('which adapter to prefer if there are several'),
  adapter: z.string().optional().describe("part of an adapter's name; Node only (Dawn)"),
});

/** Options of the backend `webgpu`. */
export type WebgpuOptions = z.input<typeof webgpuSchema>;
