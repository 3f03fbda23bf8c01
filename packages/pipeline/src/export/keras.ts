import type { OnnxBackend } from '@anc/backend-onnx';
import type { Teacher } from '@anc/core';
import { encodeKerasFile, readKerasFile } from '@anc/formats';
import { exportKerasModel, runKerasModel } from '@anc/models';
import { openNamedFile } from '../files/named-file.js';
import { asTensors } from '../files/weights.js';
import { classifierFrom } from './classifier-from.js';
import { classifierOf, type ClassifierShape } from './function.js';
import { exportMetadata, type ExportSource } from './source.js';

/**
 * A network as a `.keras` file: `images` [batch, H, W, C] in, `logits` [batch, classes] out (and the features).
 * Throws `ANC_EXPORT` where no layer of Keras expresses what it computes, or the normalization is to be inside and is
 * not known.
 */
export function kerasModel(source: ExportSource, shape: ClassifierShape): Promise<Uint8Array> {
  const { environment, variables, model } = source;
  const inputs = { images: { shape: [1, ...environment.input], dtype: 'float32' } } as const;
  return encodeKerasFile(
    exportKerasModel(
      model.name,
      classifierOf(source, shape),
      { id: `export ${model.name}`, inputs },
      asTensors(variables),
    ),
    exportMetadata(source, shape.foldNormalization),
  );
}

/** Reads a `.keras` file back, as a classifier of bytes: its layers as they stand in the file, with its weights. */
export async function openKerasModel(
  path: string,
  backend: OnnxBackend,
  source: ExportSource,
  shape: ClassifierShape,
): Promise<Pick<Teacher, 'infer'>> {
  const file = openNamedFile(path, '.');
  try {
    const archive = await readKerasFile(file.source);
    return classifierFrom(
      `keras ${path}`,
      backend,
      source,
      shape,
      (images) => runKerasModel(archive, images)[0]!,
    );
  } finally {
    file.close();
  }
}
