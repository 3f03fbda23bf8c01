import { z } from 'zod';

/** Options of an ONNX teacher, given with its file: `model.onnx(layout=nhwc, features=pool)`. */
export const onnxTeacherSchema = z.strictObject({
  layout: z.enum(['auto', 'nchw', 'nhwc']).default('auto').describe('order of the input axes'),
  channels: z
    .enum(['auto', 'rgb', 'bgr'])
    .default('auto')
    .describe('order of the color channels that it was trained on'),
  mean: z
    .array(z.number())
    .min(1)
    .optional()
    .describe('mean per channel, for pixels 0..255; together with std'),
  std: z
    .array(z.number().positive())
    .min(1)
    .optional()
    .describe('standard deviation per channel, for pixels 0..255; together with mean'),
  resize: z.boolean().default(false).describe('resize images to the input size'),
  logits: z.string().optional().describe('name of the tensor with the logits'),
  features: z
    .string()
    .optional()
    .describe('name of the tensor with the features; none: distill from logits alone'),
});
/** Options of a teacher in an ONNX file. */
export type OnnxTeacherOptions = z.input<typeof onnxTeacherSchema>;
