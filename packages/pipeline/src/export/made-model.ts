import { foldConstants } from '@anc/backend-onnx';
import { encodeSafetensors } from '@anc/formats';
import { sha256, writeNew } from '../files/named-file.js';
import { asTensors } from '../files/weights.js';
import type { Format } from './format.js';
import { graphModel } from './graph-model.js';
import { kerasModel } from './keras.js';
import { onnxModel, type OnnxExportOptions } from './onnx.js';
import { exportMetadata, type ExportSource } from './source.js';

/** What is written: a folder's files, or the bytes of one. */
export async function madeOf(format: Format, source: ExportSource, shape: OnnxExportOptions) {
  const one = (bytes: Uint8Array) => ({ files: null, bytes });
  switch (format) {
    case 'tfjs':
      return { files: graphModel(source, shape), bytes: new Uint8Array() };
    case 'keras':
      return one(await kerasModel(source, shape));
    case 'onnx':
      return one(foldConstants(onnxModel(source, shape)));
    case 'safetensors':
      return one(encodeSafetensors(asTensors(source.variables), exportMetadata(source)));
  }
}

/** Writes the bytes of one. */
export async function writeOne(
  target: string,
  model: Uint8Array,
): Promise<{ bytes: number; sha256: string }> {
  await writeNew(target, model);
  return { bytes: model.length, sha256: sha256(model) };
}
