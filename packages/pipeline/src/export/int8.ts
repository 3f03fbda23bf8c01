import { OnnxBackend, quantizeOnnx, type Feeds } from '@anc/backend-onnx';
import { AncError, type HostTensor, type Normalization } from '@anc/core';
import { limitSplit } from '@anc/datasets';
import type { OpenedImages } from '../classifier/images.js';
import { ONNX_NAMES, type OnnxExportOptions } from './onnx.js';
import type { ExportSource } from './source.js';

/** Images at a time while ranges are measured. */
const BATCH = 16;

/**
 * The 8-bit form of an exported model. Ranges come from `count` training images, chosen by the seed; no label is read.
 * Throws `ANC_EXPORT` where the images' normalization is not known.
 */
export async function quantized(
  model: Uint8Array,
  source: ExportSource,
  options: OnnxExportOptions,
  images: OpenedImages,
  count: number,
): Promise<Uint8Array> {
  const backend = await OnnxBackend.create();
  try {
    return await quantizeOnnx(backend, model, calibrationFeeds(source, options, images, count));
  } finally {
    await backend.dispose();
  }
}

/** The training images by which ranges are measured, as the exported model takes them. */
export async function* calibrationFeeds(
  { normalization, environment }: ExportSource,
  { foldNormalization, layout }: OnnxExportOptions,
  { dataset, seed }: OpenedImages,
  count: number,
): AsyncGenerator<Feeds> {
  if (dataset.shape.join() !== environment.input.join()) {
    throw new AncError('ANC_EXPORT', 'the calibration images are not of the size that the network takes.', {
      expected: environment.input.join('×'),
      received: dataset.shape.join('×'),
      hint: 'name the dataset that it was trained on with --dataset.',
    });
  }
  const { images } = limitSplit(await dataset.split('train'), count, seed);
  const prepare = foldNormalization ? null : preparation(normalization);
  const size = images.shape[0] * images.shape[1] * images.shape[2];
  for (let start = 0; start < images.count; start += BATCH) {
    const length = Math.min(BATCH, images.count - start);
    const bytes = new Uint8Array(length * size);
    await images.read(
      Int32Array.from({ length }, (_, i) => start + i),
      bytes,
    );
    const data =
      prepare === null ? bytes : Float32Array.from(bytes, (value, at) => prepare(value, at % size));
    const host: HostTensor = { shape: [length, ...images.shape], data };
    yield { [ONNX_NAMES.input]: layout === 'nhwc' ? host : toPlanes(host) };
  }
}

function preparation(normalization: Normalization | null): (value: number, place: number) => number {
  if (normalization === null || normalization === 'per-image') {
    throw new AncError('ANC_EXPORT', '--int8: the images cannot be prepared for calibration.', {
      expected: 'one mean and deviation per channel',
      received: normalization ?? 'nothing',
      hint: 'say it with --preprocessing, or export with --fold-normalization.',
    });
  }
  const { mean, std } = normalization;
  return (value, place) => (value - mean[place % mean.length]!) / std[place % std.length]!;
}

/** [B, H, W, C] -> [B, C, H, W]. */
function toPlanes({ shape, data }: HostTensor): HostTensor {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const pixels = height * width;
  const output = data.slice();
  for (let image = 0; image < count; image++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let c = 0; c < channels; c++) {
        output[(image * channels + c) * pixels + pixel] = data[(image * pixels + pixel) * channels + c]!;
      }
    }
  }
  return { shape: [count, channels, height, width], data: output };
}
