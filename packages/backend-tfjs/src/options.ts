import { z } from 'zod';

export const noOptions = z.strictObject({});

export const wasmSchema = z.strictObject({
  path: z
    .string()
    .optional()
    .describe('where the .wasm files are served, for browsers; Node finds them in the package'),
});

export type WasmOptions = z.infer<typeof wasmSchema>;
