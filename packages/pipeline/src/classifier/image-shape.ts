import { onnxImageShape } from '@anc/backend-onnx';
import { isAncError } from '@anc/core';
import { openNamedFile, readNamedFile, type OpenFile } from '../files/named-file.js';
import type { Composition } from '../composition/compose.js';
import type { StatedShape } from '../data/image-size.js';
import { describeNamed } from '../text/named.js';
import type { FileOptions } from './classifier-file.js';
import { isOnnx } from './open-classifier.js';
import { loadWeights } from './weights-file.js';

/** A model's file, and how it is read. */
export interface ImageShapeRequest extends FileOptions {
  readonly file: string;
  readonly cwd: string;
  /** Whether the file belongs to a run that this program recorded. */
  readonly recorded?: boolean;
}

/**
 * What a model's file says of its images: the input of an ONNX model, the metadata of weights, a recorded run, or the
 * network that their tensors show. Throws what reading the file throws.
 */
export async function imageShapeOf(
  request: ImageShapeRequest,
  composition: Pick<Composition, 'registries' | 'parts'>,
): Promise<StatedShape> {
  const { file, cwd, onnx } = request;
  if (isOnnx(file)) {
    const { bytes } = await readNamedFile(file, cwd);
    const [height, width, channels] = onnxImageShape(bytes, file, onnx?.layout);
    const isResized = onnx?.resize === true && height !== width; // such images have no one side
    return {
      shape: isResized ? [null, null, channels] : [height, width, channels],
      source: "the model's input",
    };
  }
  const opened = openNamedFile(file, cwd);
  try {
    return await shapeOfWeights(opened, request, composition);
  } finally {
    opened.close();
  }
}

async function shapeOfWeights(
  { path, source }: OpenFile,
  { model, stateDict, recorded }: ImageShapeRequest,
  composition: Pick<Composition, 'registries' | 'parts'>,
): Promise<StatedShape> {
  const named = { ...(model && { model }), ...(stateDict !== undefined && { stateDict }) };
  const loaded = await loadWeights(path, source, composition, named);
  const { input } = loaded.environment;
  if (loaded.metadata.input !== undefined) {
    return {
      shape: input,
      source: recorded === true ? "the model's run" : "the metadata of the model's weights",
    };
  }
  const network = describeNamed(loaded.model);
  if (loaded.recognized) return { shape: input, source: `the network ${network}, recognized by its tensors` };
  if (loaded.others.length > 0)
    return { shape: [null, null, input[2]], source: `the file of weights of ${network}` };
  // Nothing names the size. Weights of a network that flattens fit one size only; others fit twice as large images too.
  const twice = [2 * input[0], 2 * input[1], input[2]] as const;
  const fitsOthers = await loadWeights(path, source, composition, { ...named, input: twice }).then(
    () => true,
    (error: unknown) => {
      if (!isAncError(error)) throw error;
      return false;
    },
  );
  if (fitsOthers) return { shape: [null, null, input[2]], source: `the file of weights of ${network}` };
  return { shape: input, source: `the shapes of the model's weights (${network})` };
}
