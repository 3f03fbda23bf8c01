import { basename } from 'node:path';
import { onnxTeacherSchema, type OnnxTeacherOptions } from '@anc/backend-onnx';
import { validateOptions } from '../composition/validate-options.js';
import { parseNamed } from '../text/named.js';
import { isOnnx } from './open-classifier.js';

/** A classifier's file, and what was said of it. */
export interface NamedFile {
  readonly file: string;
  readonly onnx?: OnnxTeacherOptions;
}

/** Reads `model.onnx(layout=nhwc, logits=scores)`, as `--teacher` takes it; anything else is a path. Throws `ANC_OPTIONS`. */
export async function namedFile(text: string): Promise<NamedFile> {
  const named = parseNamed(text);
  if (named === null || !isOnnx(named.name)) return { file: text };
  const { name, options } = named;
  return { file: name, onnx: await onnxOptions(name, options) };
}

/** Checks what is said of an ONNX model. Throws `ANC_OPTIONS`. */
export const onnxOptions = async (file: string, options: unknown): Promise<OnnxTeacherOptions> =>
  (await validateOptions(onnxTeacherSchema, options, `"${basename(file)}"`)) as OnnxTeacherOptions;
