import { exportOnnx } from '@anc/backend-onnx';
import type { TensorFunction } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { asTensors } from '../files/weights.js';
import { classifierOf, type ClassifierShape } from './function.js';
import { exportMetadata, type ExportSource } from './source.js';

export interface OnnxExportOptions extends ClassifierShape {
  /** Order of the axes of its input. */
  readonly layout: 'nchw' | 'nhwc';
}

/** Name of the input and of the first output of an exported model. */
export const ONNX_NAMES = { input: 'images', output: 'logits' } as const;

/**
 * A network as an ONNX model: `images` [batch, C, H, W] (or [batch, H, W, C]) in, `logits` [batch, classes] out.
 * Throws `ANC_EXPORT` where the normalization is to be inside and is not known.
 */
export function onnxModel(source: ExportSource, options: OnnxExportOptions): Uint8Array {
  const { variables, environment, model } = source;
  const { layout, foldNormalization } = options;
  const inner = classifierOf(source, options);
  const classify: TensorFunction = ({ images, ...tensors }, context) =>
    inner({ ...tensors, images: layout === 'nhwc' ? images! : tf.transpose(images!, [0, 2, 3, 1]) }, context);
  const [height, width, channels] = environment.input;
  const shape = layout === 'nhwc' ? [1, height, width, channels] : [1, channels, height, width];
  return exportOnnx(
    classify,
    {
      id: `export ${model.name}`,
      inputs: { [ONNX_NAMES.input]: { shape, dtype: foldNormalization ? 'uint8' : 'float32' } },
    },
    {
      constants: asTensors(variables),
      description: describe(source, options),
      metadata: exportMetadata(source, foldNormalization, layout),
    },
  );
}

function describe({ model, environment }: ExportSource, options: OnnxExportOptions): string {
  const pixels = options.foldNormalization
    ? 'bytes (0 to 255)'
    : '(pixel - mean) / std, by the metadata "normalization", for pixels 0 to 255';
  return `${model.name}, ${environment.classes} classes. Input: RGB images of ${environment.input.join('×')}, ${options.layout.toUpperCase()}, ${pixels}.`;
}
