import { AncError, Rng, type Augmentation, type DecodedViews, type ImageAugmentation } from '@anc/core';

/** How the number of a view determines what happens to an image. View 0 is the plain image. */
export interface Numbering {
  /** What determines the pixels of a view: part of the teacher cache's key. */
  readonly id: string;
  /** Number of views; null: another one in every epoch. */
  readonly views: number | null;
  /** The record of the list's entry `place` for view `view` ≥ 1 of an image; null where the entry does nothing. */
  record(place: number, image: number, view: number): unknown;
}

/** An augmentation at its place in the list of a run. */
export interface Entry {
  readonly augmentation: Augmentation;
  readonly place: number;
}

type Finite = ImageAugmentation & Required<Pick<ImageAugmentation, 'finite'>>;

const isFinite = (augmentation: Augmentation): augmentation is Finite => 'finite' in augmentation;

/** More combinations are not listed, but drawn. */
const MOST_LISTED = 1 << 16;

/**
 * Lists all combinations of augmentations that have few records each, or the first `limit` of them in a fixed random
 * order; null for other lists. Which ones are the first does not depend on the seed, so runs share cached outputs.
 */
export function listedViews(entries: readonly Entry[], limit: number | null): Numbering | null {
  if (entries.length === 0) return { id: 'none', views: 1, record: () => null };
  const list = entries.map(({ augmentation }) => augmentation);
  const all = list.filter(isFinite);
  const sizes = all.map(({ finite }) => finite.records.length);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (all.length < list.length || count > MOST_LISTED) return null;
  if (limit !== null && limit > count) {
    throw new AncError('ANC_CONFIG', 'more views requested than there are.', {
      expected: `views from 1 to ${count} of ${list.map(({ id }) => id).join(', ')}`,
      received: `${limit}`,
    });
  }
  const strides = sizes.map((_, i) => sizes.slice(0, i).reduce((product, size) => product * size, 1));
  const plain = all.reduce((sum, { finite }, i) => sum + finite.plain * strides[i]!, 0);
  const views = limit ?? count;
  const { id, stream } = namesOf(list, views);
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== plain);
  const order = Rng.fromSeed(0)
    .split(...stream)
    .permutation(others.length);
  const positions = new Map(entries.map(({ place }, i) => [place, i]));
  return {
    id,
    views,
    record(place, _image, view) {
      const combination = others[order[view - 1]!]!;
      const i = positions.get(place)!;
      return all[i]!.finite.records[Math.floor(combination / strides[i]!) % sizes[i]!];
    },
  };
}

/** Id and random stream of listed views. Crops and flips alone keep those that earlier versions gave them. */
function namesOf(list: readonly Augmentation[], views: number): { id: string; stream: (string | number)[] } {
  const ids = list.map(({ id }) => id);
  const found = /^(?:crop\(pad=(\d+)\))?,?(flip\(p=0\.5\))?$/.exec(ids.join(','));
  if (found === null) return { id: `${ids.join(',')},views=${views}`, stream: ids };
  const [pad, flip] = [Number(found[1] ?? 0), found[2] !== undefined];
  return {
    id: `pad-crop-flip(pad=${pad},flip=${flip},views=${views})`,
    stream: ['pad-crop-flip', pad, String(flip)],
  };
}

/** Draws a record for every image and view; with a limit the same ones for every seed, so that runs share cached outputs. */
export function drawnViews(
  entries: readonly Entry[],
  limit: number | null,
  seed: number,
  decoded: string | null,
): Numbering {
  const root = rootOf(limit, seed);
  const list = new Map(entries.map(({ augmentation, place }) => [place, augmentation]));
  const ids = [...(decoded === null ? [] : [decoded]), ...entries.map(({ augmentation }) => augmentation.id)];
  return {
    id: `${ids.join(',')},${limit === null ? `seed=${seed}` : `views=${limit}`}`,
    views: limit,
    record: (place, image, view) => list.get(place)!.draw(root.split(place, image, view)),
  };
}

/** The random stream of drawn views. */
export const rootOf = (limit: number | null, seed: number): Rng =>
  Rng.fromSeed(limit === null ? seed : 0).split('augmentation');

/** Views that a source renders itself, with nothing after that. */
export function decodedViews({ id, views }: DecodedViews, limit: number | null): Numbering {
  const isLess = limit !== null && limit < views;
  return { id: isLess ? `${id}, first ${limit}` : id, views: isLess ? limit : views, record: () => null };
}
