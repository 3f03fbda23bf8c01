import { AncError, isMixing, Rng, sizeOf, type Augmentation } from '@anc/core';
import { sameTwice } from '../composition/same-twice.js';

/** Images that are tried: some draws leave an image as it is. */
const TRIES = 8;

/**
 * Tries an augmentation on a few images: the same random numbers draw the same record, which does the same to the same image,
 * writes every byte and leaves the image as it was.
 *
 * @param shape [H, W, C].
 * @throws `ANC_PLUGIN` where one of it is not so.
 */
export function probeAugmentation(augmentation: Augmentation, shape: readonly number[], what: string): void {
  const size = sizeOf(shape);
  const bytes = (seed: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, i) => ((i + seed) * 2654435761) >>> 24);
  for (let i = 0; i < TRIES; i++) {
    const record = sameTwice(what, 'draw', () => augmentation.draw(Rng.fromSeed(0).split('probe', i)));
    if (record === null) continue;
    assertPlain(record, what);
    const member = isMixing(augmentation) ? 'mix' : 'apply';
    const [image, partner] = [bytes(0), bytes(99)];
    let background = 0;
    const written = sameTwice(what, member, () => {
      const out = new Uint8Array(size).fill(background);
      background = 255; // what is not written differs
      if (isMixing(augmentation)) augmentation.mix(image, partner, record, out);
      else augmentation.apply(image, record, out);
      return out;
    });
    if (image.join() === bytes(0).join() && partner.join() === bytes(99).join()) return;
    throw new AncError('ANC_PLUGIN', `${what}: ${member} writes to the image that it receives.`, {
      expected: `all ${written.length} bytes of out written, and none of the image`,
      received: 'an image that is another one afterwards',
      hint: 'write to out alone.',
    });
  }
}

/** A record is kept as JSON, which has neither NaN nor Infinity. */
function assertPlain(record: unknown, what: string): void {
  JSON.stringify(record, (key, value: unknown) => {
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    throw new AncError('ANC_PLUGIN', `${what}: draw returned a number that is not finite.`, {
      expected: 'finite numbers',
      received: `${value}${key === '' ? '' : ` as "${key}"`}`,
      hint: 'check divisions and logarithms of what it draws.',
    });
  });
}
