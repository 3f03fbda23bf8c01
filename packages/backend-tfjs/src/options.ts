import { z } from 'zod';

export const noOptions = z.strictObject({});

export const wasmSchema = z.strictObject({
  path: z
    .string()
    .optional()
    .describe('URL or folder of the .wasm files, for browsers; Node finds them in the package'),
});

/** Options of `tfjs:wasm`. */
export type WasmOptions = z.infer<typeof wasmSchema>;
