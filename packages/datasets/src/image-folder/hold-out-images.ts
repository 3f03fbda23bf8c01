import { createHash } from 'node:crypto';
import { AncError } from '@anc/core';
import type { FoundImage } from './list-images.js';

/** Which images of a folder without a test split are held out, as indices. */
export interface HeldOutImages {
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** Images that were left in training because each is the last one of its class. */
  readonly kept: number;
}

/** What would leave an image on each side. */
function expectedFor(count: number, fraction: number): string {
  if (count < 2) return 'at least two images';
  const least = Math.ceil(0.5 / Math.min(fraction, 1 - fraction));
  const enough = Number.isFinite(least) ? `at least ${Math.max(2, least)} images, or ` : '';
  return `${enough}a testFraction that leaves an image to train and one to evaluate`;
}

/**
 * Holds out `round(fraction × count)` images, those with the smallest seeded hashes of their paths. Every class keeps an
 * image for training: of a class of which all were chosen, the one with the largest hash stays.
 *
 * @param classes the class of each image; null without labels
 * @throws `ANC_DATA_TOO_FEW` if no image is left for one of the two sides.
 */
export function holdOutImages(
  place: string,
  files: readonly FoundImage[],
  classes: readonly string[] | null,
  fraction: number,
  seed: number,
): HeldOutImages {
  const order = files
    .map(({ path }, index) => ({
      index,
      key: createHash('sha256').update(`${seed}:${path}`).digest('hex'),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ index }) => index);
  const wanted = Math.round(files.length * fraction);
  const held = new Set(order.slice(0, wanted));
  let kept = 0;
  if (classes !== null) {
    const trained = new Set(classes.filter((_, index) => !held.has(index)));
    for (const index of [...held].reverse()) {
      const name = classes[index]!;
      if (trained.has(name)) continue;
      trained.add(name);
      held.delete(index);
      kept++;
    }
  }
  if (held.size === 0 || held.size === files.length) {
    const singles = classes !== null && new Set(classes).size === files.length;
    throw new AncError('ANC_DATA_TOO_FEW', `${place}: too few images to hold a part out for evaluation.`, {
      expected: singles ? 'a class of at least two images' : expectedFor(files.length, fraction),
      received: `${files.length} ${files.length === 1 ? 'image' : 'images'}${singles ? ', each the only one of its class' : ''}; testFraction ${fraction}`,
      hint:
        'put test images into a folder of their own: train/ and test/. Or hold out another fraction: --dataset ' +
        '"image-folder(path=…,testFraction=0.5)".',
    });
  }
  const all = files.map((_, index) => index);
  return {
    train: all.filter((index) => !held.has(index)),
    test: all.filter((index) => held.has(index)),
    kept,
  };
}
