import { basename } from 'node:path';
import { onnxTeacherSchema, type OnnxTeacherOptions } from '@anc/backend-onnx';
import { z } from 'zod';
import { validateOptions } from '../composition/validate-options.js';
import { namedSchema } from '../options/declare.js';
import { parseNamed, type Named } from '../text/named.js';
import { isOnnx } from './open-classifier.js';

/** What can be said of a classifier's file beside its name. */
export interface FileOptions {
  readonly onnx?: OnnxTeacherOptions;
  /** Network of weights that do not name it. */
  readonly model?: Named;
  /** Which state dict, where a file of weights holds several. */
  readonly stateDict?: string;
}

/** A classifier's file, and what was said of it. */
export interface NamedFile extends FileOptions {
  readonly file: string;
}

const weightsSchema = z.strictObject({
  model: namedSchema.optional().describe('network of the weights, where the file does not name it'),
  stateDict: z
    .string()
    .optional()
    .describe('which state dict, where the file holds several: a dictionary or a prefix in it'),
});

/**
 * Reads `model.onnx(layout=nhwc, logits=scores)` or `weights.pth(stateDict=ema)`, as `--teacher` takes them; anything else
 * is a path. Throws `ANC_OPTIONS`.
 */
export async function namedFile(text: string): Promise<NamedFile> {
  const named = parseNamed(text);
  if (named === null) return { file: text };
  const { name, options } = named;
  if (!isOnnx(name) && Object.keys(options).length === 0) return { file: text };
  return { file: name, ...(await fileOptions(name, options)) };
}

/**
 * Checks what is said of an ONNX model, or of a file of weights or a run. Throws `ANC_OPTIONS`.
 *
 * @param shown its name in messages
 */
export async function fileOptions(file: string, options: unknown, shown = file): Promise<FileOptions> {
  const what = `"${basename(shown)}"`;
  return isOnnx(file)
    ? { onnx: (await validateOptions(onnxTeacherSchema, options, what)) as OnnxTeacherOptions }
    : ((await validateOptions(weightsSchema, options, what)) as FileOptions);
}
