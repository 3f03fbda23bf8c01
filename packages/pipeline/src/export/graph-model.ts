import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { OnnxBackend } from '@anc/backend-onnx';
import type { Teacher } from '@anc/core';
import { makeFolder } from '@anc/core/internal';
import { graphModelFiles, type GraphModelFile } from '@anc/formats';
import { exportGraphModel } from '@anc/models';
import { onDisk, removeTemporary, temporaryName } from '@anc/runtime';
import * as tf from '@tensorflow/tfjs-core';
import { asTensors } from '../files/weights.js';
import { classifierFrom } from './classifier-from.js';
import { classifierOf, type ClassifierShape } from './function.js';
import { exportMetadata, type ExportSource } from './source.js';

/** The file that names the others. */
export const MODEL_JSON = 'model.json';

/**
 * A network as the files of a TensorFlow.js GraphModel: `images` [batch, H, W, C] in, `logits` [batch, classes] out.
 * Throws `ANC_EXPORT` where an operation has no place in one, or the normalization is to be inside and is not known.
 */
export function graphModel(source: ExportSource, shape: ClassifierShape): Iterable<GraphModelFile> {
  const { environment, variables, model } = source;
  const dtype = shape.foldNormalization ? 'uint8' : 'float32';
  const inputs = { images: { shape: [1, ...environment.input], dtype } } as const;
  return graphModelFiles(
    exportGraphModel(
      classifierOf(source, shape),
      { id: `export ${model.name}`, inputs },
      asTensors(variables),
    ),
    exportMetadata(source, shape.foldNormalization),
  );
}

/** Writes files into a new folder, which is there when they all are. Returns how many bytes they are. */
export async function writeFolder(
  target: string,
  files: Iterable<GraphModelFile>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const temporary = temporaryName(target);
  const hash = createHash('sha256');
  let bytes = 0;
  const write = async (): Promise<void> => {
    await makeFolder(temporary);
    await removeTemporary(dirname(target), (name) => name.startsWith(`${basename(target)}.`));
    for (const file of files) {
      await writeFile(join(temporary, file.name), file.bytes, { flush: true });
      hash.update(file.bytes);
      bytes += file.bytes.length;
    }
    await rename(temporary, target);
  };
  try {
    await onDisk(target, null, write);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // the first error is reported
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Reads a GraphModel back with TensorFlow.js's own loader, as a classifier of bytes. Its operations compute in ONNX
 * Runtime.
 */
export async function openGraphModel(
  folder: string,
  backend: OnnxBackend,
  source: ExportSource,
  shape: ClassifierShape,
): Promise<Pick<Teacher, 'infer'>> {
  const { loadGraphModelSync } = await import('@tensorflow/tfjs-converter');
  const json = JSON.parse(await readFile(join(folder, MODEL_JSON), 'utf8')) as tf.io.ModelJSON;
  const paths = json.weightsManifest.flatMap((group) => group.paths);
  const weights = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(folder, path)))));
  const specs = json.weightsManifest.flatMap((group) => group.weights);
  const artifacts = tf.io.getModelArtifactsForJSONSync(json, specs, new Uint8Array(weights).buffer);
  /** Loaded where it computes: its weights are constants of the compiled graph. */
  const logitsOf = (images: tf.Tensor): tf.Tensor =>
    loadGraphModelSync(artifacts).execute({ images }, 'logits') as tf.Tensor;
  return classifierFrom(`graph model ${folder}`, backend, source, shape, (images) =>
    logitsOf(shape.foldNormalization ? tf.cast(images, 'int32') : images),
  );
}
