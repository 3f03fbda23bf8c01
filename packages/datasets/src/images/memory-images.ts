import { createHash } from 'node:crypto';
import { AncError, type ImageSource } from '@anc/core';

/** [H, W, C]. */
export type ImageShape = readonly [number, number, number];

export const bytesPerImage = (shape: ImageShape): number => shape[0] * shape[1] * shape[2];

/**
 * Images in one block of bytes, NHWC. If it is allocated by `sharedBytes`, worker threads can read the same memory.
 *
 * @throws `ANC_SHAPE` if the block is no whole number of images, `ANC_DATA_INDEX` for an index out of range.
 */
export class MemoryImages implements ImageSource {
  readonly count: number;
  readonly shape: ImageShape;
  /** Bytes of all images [N, H, W, C]. */
  readonly bytes: Uint8Array;
  #fingerprint: string | null = null;

  constructor(bytes: Uint8Array, shape: ImageShape) {
    const size = bytesPerImage(shape);
    if (size === 0 || bytes.length % size !== 0) {
      throw new AncError('ANC_SHAPE', 'image bytes: not a whole number of images.', {
        expected: `a multiple of ${size} bytes ([${shape.join(', ')}])`,
        received: `${bytes.length} bytes`,
      });
    }
    this.bytes = bytes;
    this.shape = shape;
    this.count = bytes.length / size;
  }

  get fingerprint(): string {
    this.#fingerprint ??= createHash('sha256')
      .update(`${this.shape.join('x')}:`)
      .update(this.bytes)
      .digest('hex');
    return this.#fingerprint;
  }

  read(indices: Int32Array, out: Uint8Array): void {
    const size = bytesPerImage(this.shape);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (index < 0 || index >= this.count) throw indexError(index, this.count);
      out.set(this.bytes.subarray(index * size, (index + 1) * size), i * size);
    }
  }
}

export const indexError = (index: number, count: number): AncError =>
  new AncError('ANC_DATA_INDEX', 'no such image.', {
    expected: `an index from 0 to ${count - 1}`,
    received: `${index}`,
  });

/** Bytes in shared memory, which every worker thread can read without a copy. */
export const sharedBytes = (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length));
