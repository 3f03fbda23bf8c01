import { describe, expect, it } from 'vitest';
import { NoImages } from './no-images.js';

describe('the dataset none', () => {
  it('has a shape, no classes and no images, whose fingerprint is that of the shape', async () => {
    const dataset = new NoImages({ height: 4, width: 5, channels: 3 });
    expect(dataset).toMatchObject({ name: 'none', shape: [4, 5, 3], classes: [], hasImages: false });
    const { images, labels } = await dataset.split();
    expect(images.count).toBe(0);
    expect(labels).toBeNull();
    const other = await new NoImages({ height: 5, width: 4, channels: 3 }).split();
    expect(other.images.fingerprint).not.toBe(images.fingerprint);
    expect(() => images.read(Int32Array.of(0), new Uint8Array(60))).toThrow(/no images/);
  });
});
