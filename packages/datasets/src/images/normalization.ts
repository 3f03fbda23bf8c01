import { AncError, type FixedNormalization, type ImageSource } from '@anc/core';
import { bytesPerImage } from './memory-images.js';

const CHUNK = 1024;
const CHUNK_BYTES = 16 << 20;
/** Images that are decoded for statistics: spread evenly over all there are. */
const MOST_DECODED = 10_000;

/**
 * Mean and standard deviation per channel over all pixels of `source`, in byte units (0..255).
 * Of images that are decoded when read, ten thousand are taken. A channel that never changes gets std 1, so that (x - mean) / std is 0 there. No label is read.
 *
 * Sums are of whole numbers and so exact: the result does not depend on the order of the images.
 */
export async function measureNormalization(
  source: ImageSource,
  progress: (done: number) => void = () => undefined,
): Promise<FixedNormalization> {
  if (source.count === 0) throw new AncError('ANC_DATA_EMPTY', 'no images to take mean and deviation from.');
  const channels = source.shape[2];
  const size = bytesPerImage(source.shape);
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  // Decoding a million photographs takes hours; the mean of ten thousand is as good.
  const count = source.crops === undefined ? source.count : Math.min(source.count, MOST_DECODED);
  const chunk = Math.max(1, Math.min(CHUNK, count, Math.floor(CHUNK_BYTES / size)));
  const bytes = new Uint8Array(chunk * size);
  for (let start = 0; start < count; start += chunk) {
    const length = Math.min(chunk, count - start);
    await source.read(
      Int32Array.from({ length }, (_, i) => Math.floor(((start + i) * source.count) / count)),
      bytes,
    );
    for (let c = 0; c < channels; c++) {
      const histogram = counts[c]!;
      for (let i = c; i < length * size; i += channels) histogram[bytes[i]!]!++;
    }
    progress(start + length);
  }
  const pixels = (count * size) / channels;
  const mean = counts.map((histogram) => histogram.reduce((sum, n, value) => sum + n * value, 0) / pixels);
  const std = counts.map((histogram, c) => {
    const variance = histogram.reduce((sum, n, value) => sum + n * (value - mean[c]!) ** 2, 0) / pixels;
    return variance > 0 ? Math.sqrt(variance) : 1;
  });
  return { mean, std };
}

/**
 * The mean image [H × W × C] over `source`, and the deviation per channel of what is left when it is taken
 * off, in byte units. No label is read.
 */
export async function measureMeanImage(source: ImageSource): Promise<FixedNormalization> {
  const channels = source.shape[2];
  const size = bytesPerImage(source.shape);
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  const bytes = new Uint8Array(size * Math.min(CHUNK, source.count));
  for (let start = 0; start < source.count; start += CHUNK) {
    const length = Math.min(CHUNK, source.count - start);
    await source.read(
      Int32Array.from({ length }, (_, i) => start + i),
      bytes,
    );
    for (let i = 0; i < length * size; i++) {
      const value = bytes[i]!;
      sums[i % size]! += value;
      squares[i % size]! += value * value;
    }
  }
  const mean = Array.from(sums, (sum) => sum / source.count);
  const variances = new Float64Array(channels);
  mean.forEach((m, i) => (variances[i % channels]! += squares[i]! / source.count - m * m));
  const std = Array.from(variances, (sum) => Math.sqrt((sum * channels) / size) || 1);
  return { mean, std };
}
