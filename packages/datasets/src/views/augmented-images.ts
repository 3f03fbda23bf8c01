import {
  AncError,
  isMixing,
  Rng,
  type Augmentation,
  type ImageAugmentation,
  type ImageSource,
  type ImageViews,
  type MixingAugmentation,
  type WholeBatch,
} from '@anc/core';
import { bytesPerImage } from '../images/memory-images.js';
import { decodedViews, drawnViews, listedViews, rootOf, type Entry, type Numbering } from './numbering.js';

/** Options of `AugmentedImages`. */
export interface AugmentedImagesOptions {
  /** In the order in which they are applied. */
  readonly augmentations?: readonly Augmentation[];
  /** Number of fixed views of an image, the plain one included; null (default): all of them, or another one every epoch. */
  readonly views?: number | null;
  /** Random seed of views without a limit; default: 0. */
  readonly seed?: number;
  /** Takes the crops that the source makes while it decodes, by its own distribution, in place of augmentations. */
  readonly decodedCrops?: boolean;
  /**
   * Where partners for mixing come from: the batch, so that they are read anyway; or any image, a fixed one for every
   * view, so that view and image determine the pixels. Default: any image where views are limited.
   */
  readonly partners?: 'batch' | 'any';
}

/** Samples that are read together: images and their views. */
interface Samples {
  readonly indices: Int32Array;
  readonly views: Int32Array;
}

interface Mixing {
  readonly partners: Samples;
  readonly records: readonly unknown[];
}

/**
 * The images of a source under a list of augmentations. What happens to image i in view v is a function of (list, i, v)
 * and, where views have no limit, of the seed; not of the batch, but for partners that are taken from it.
 *
 * Where all augmentations of the list have few records (crop, flip), views are their combinations. Other lists have
 * another view of each image in every epoch, or `views: K` fixed ones of which each epoch draws.
 *
 * @throws `ANC_CONFIG` where more views are requested than there are.
 */
export class AugmentedImages implements ImageViews {
  readonly id: string;
  readonly views: number | null;
  readonly mixesInBatch: boolean;
  readonly #source: ImageSource;
  readonly #options: AugmentedImagesOptions;
  readonly #entries: readonly Entry[];
  readonly #numbering: Numbering;
  readonly #decoded: ImageViews | null;
  readonly #size: number;

  constructor(source: ImageSource, options: AugmentedImagesOptions = {}, mixes = true) {
    const { augmentations = [], views = null, seed = 0, decodedCrops = false } = options;
    const { partners = views === null ? 'batch' : 'any' } = options;
    this.#source = source;
    this.#options = options;
    this.#size = bytesPerImage(source.shape);
    const { crops } = source;
    const first = augmentations[0];
    const distribution = first !== undefined && !isMixing(first) ? first.whileDecoding : undefined;
    const isDecoded = crops?.of !== undefined && distribution !== undefined;
    this.#decoded = decodedCrops
      ? crops!
      : isDecoded
        ? crops.of!(distribution, views === null ? seed : 0)
        : null;
    const own = augmentations
      .map((augmentation, place) => ({ augmentation, place }))
      .slice(isDecoded ? 1 : 0);
    const mixing = own.filter(({ augmentation }) => isMixing(augmentation));
    this.#entries = mixes ? own : own.filter((entry) => !mixing.includes(entry));
    this.mixesInBatch = partners === 'batch' && mixes && mixing.length > 0;
    const numbered = this.mixesInBatch ? own.filter((entry) => !mixing.includes(entry)) : this.#entries;
    const isListed = !isDecoded && (partners === 'batch' || mixing.length === 0);
    this.#numbering = decodedCrops
      ? decodedViews(crops!, views)
      : ((isListed ? listedViews(numbered, views) : null) ??
        drawnViews(numbered, views, seed, this.#decoded?.id ?? null));
    this.id = this.#numbering.id;
    this.views = this.#numbering.views;
  }

  /** Names of the augmentations that mix images. */
  get mixing(): readonly string[] {
    return this.#entries.flatMap(({ augmentation }) =>
      isMixing(augmentation) ? [nameOf(augmentation)] : [],
    );
  }

  /** The same without mixing: for training that reads labels. */
  withoutMixing(): AugmentedImages {
    return new AugmentedImages(this.#source, this.#options, false);
  }

  async read(indices: Int32Array, views: Int32Array, out: Uint8Array, batch?: WholeBatch): Promise<void> {
    const wrong = views.find((view) => view < 0 || view >= (this.views ?? Infinity));
    if (wrong !== undefined) {
      throw new AncError('ANC_DATA_VIEW', 'no such view.', {
        expected: this.views === null ? '0 or more' : `0 to ${this.views - 1}`,
        received: `${wrong}`,
      });
    }
    await this.#render(this.#entries.length, { indices, views }, batch, out);
  }

  /** Writes samples after the first `count` entries of the list. */
  async #render(
    count: number,
    samples: Samples,
    batch: WholeBatch | undefined,
    out: Uint8Array,
  ): Promise<void> {
    const mixed = this.#entries.findLastIndex(({ augmentation }, i) => i < count && isMixing(augmentation));
    if (mixed >= 0) await this.#renderMixed(mixed, samples, batch, out);
    else if (this.#decoded === null) await this.#source.read(samples.indices, out);
    else await this.#decoded.read(samples.indices, samples.views, out);
    this.#applyAll(this.#entries.slice(mixed + 1, count), samples, out);
  }

  /** Changes images by themselves, in place. */
  #applyAll(entries: readonly Entry[], { indices, views }: Samples, images: Uint8Array): void {
    if (entries.length === 0) return;
    const scratch = [new Uint8Array(this.#size), new Uint8Array(this.#size)] as const;
    for (let i = 0; i < indices.length; i++) {
      if (views[i] === 0) continue;
      const own = images.subarray(i * this.#size, (i + 1) * this.#size);
      let from = own;
      for (const { augmentation, place } of entries) {
        const record = this.#numbering.record(place, indices[i]!, views[i]!);
        if (record === null) continue;
        const to = from === scratch[0] ? scratch[1] : scratch[0];
        (augmentation as ImageAugmentation).apply(from, record, to);
        from = to;
      }
      if (from !== own) own.set(from);
    }
  }

  /** Writes samples up to the mixing entry at `position`, itself included. */
  async #renderMixed(
    position: number,
    samples: Samples,
    batch: WholeBatch | undefined,
    out: Uint8Array,
  ): Promise<void> {
    const { augmentation, place } = this.#entries[position]!;
    const { partners, records } = this.mixesInBatch
      ? this.#inBatch(augmentation, position, samples, batch)
      : this.#fixedPartners(place, samples);
    const { union, positions } = unionOf(samples, partners);
    const images = new Uint8Array(union.indices.length * this.#size);
    await this.#render(position, union, batch, images);
    const at = (i: number): Uint8Array => images.subarray(i * this.#size, (i + 1) * this.#size);
    records.forEach((record, i) => {
      const own = at(positions[i]!);
      const to = out.subarray(i * this.#size, (i + 1) * this.#size);
      if (record === null) to.set(own);
      else (augmentation as MixingAugmentation).mix(own, at(positions[records.length + i]!), record, to);
    });
  }

  /** Partners that image and view determine: any image of the source in any view. */
  #fixedPartners(place: number, { indices, views }: Samples): Mixing {
    const { views: limit = null, seed = 0 } = this.#options;
    const root = rootOf(limit, seed).split(place, 'partner');
    const partners = { indices: indices.slice(), views: views.slice() };
    const records = Array.from(indices, (image, i) => {
      if (views[i] === 0) return null;
      const rng = root.split(image, views[i]!);
      partners.indices[i] = rng.int(this.#source.count);
      partners.views[i] = this.views === null ? views[i]! : rng.int(this.views);
      return this.#numbering.record(place, image, views[i]!);
    });
    return { partners, records };
  }

  /** Partners by a permutation of the batch, drawn for the whole batch whichever part of it is read. */
  #inBatch(
    augmentation: Augmentation,
    position: number,
    { indices }: Samples,
    batch: WholeBatch | undefined,
  ): Mixing {
    if (batch === undefined) {
      throw new AncError(
        'ANC_DATA_VIEW',
        `"${augmentation.id}" takes partners from the batch, and there is none.`,
        {
          expected: 'the batch that the images are of, or a limited number of views',
        },
      );
    }
    const { seed, epoch, step } = batch;
    const name = nameOf(augmentation);
    const before = this.#entries
      .slice(0, position)
      .filter((entry) => nameOf(entry.augmentation) === name).length;
    const rng = Rng.fromSeed(seed).split(name, epoch, step, ...(before === 0 ? [] : [before]));
    const order = rng.permutation(batch.indices.length);
    const drawn = Array.from(order, () => augmentation.draw(rng));
    const places = new Map(Array.from(batch.indices, (image, i) => [image, i]));
    const own = indices.map((image) => places.get(image)!);
    const others = own.map((i) => order[i]!);
    return {
      partners: {
        indices: others.map((i) => batch.indices[i]!),
        views: others.map((i) => batch.views[i]!),
      },
      records: Array.from(own, (i) => drawn[i]),
    };
  }
}

const nameOf = ({ id }: Augmentation): string => id.split('(')[0]!;

/** More epochs than any training has. */
const MOST_VIEWS = 2 ** 20;

/** Samples and partners without repetition, and where each of them is: first the samples, then the partners. */
function unionOf(samples: Samples, partners: Samples): { union: Samples; positions: Int32Array } {
  const places = new Map<number, number>();
  const [indices, views]: [number[], number[]] = [[], []];
  const count = samples.indices.length;
  const positions = Int32Array.from({ length: 2 * count }, (_, i) => {
    const { indices: from, views: of } = i < count ? samples : partners;
    const [image, view] = [from[i % count]!, of[i % count]!];
    const key = image * MOST_VIEWS + view;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, indices.length);
    indices.push(image);
    views.push(view);
    return indices.length - 1;
  });
  return { union: { indices: Int32Array.from(indices), views: Int32Array.from(views) }, positions };
}
