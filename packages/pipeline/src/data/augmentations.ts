import { AncError, isMixing, type Augmentation, type ImageSource } from '@anc/core';
import { originOf } from '@anc/core/internal';
import { AugmentedImages } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import { blaming } from '../composition/plugin-fault.js';
import { optionNames } from '../composition/validate-options.js';
import { aboutOption } from '../options/option-error.js';
import type { DataOptions, OptionPath } from '../options/run-options.js';
import { describeNamed, UNNAMED, type Named } from '../text/named.js';
import { probeAugmentation } from './probe-augmentation.js';

type Registries = Pick<Composition, 'registries'>;

/** How images are shown to training: augmentations for their shape, in order, and how their views are numbered. */
export interface AugmentationPlan {
  readonly augmentations: readonly Augmentation[];
  readonly views: number | null;
  /** Whether crops and flips stand for those of a source that decodes larger pictures. */
  readonly decodedCrops: boolean;
  readonly partners?: 'batch';
}

/** An augmentation of a list with the option that names it. */
interface Entry {
  readonly named: Named;
  readonly path: OptionPath;
}

/** The list of a run, or what the options `crop`, `flip` and `mixup` stand for. */
export function entriesOf({ augment, crop, flip, mixup = 0 }: DataOptions): readonly Entry[] {
  if (augment !== undefined) return augment.map((named, i) => ({ named, path: ['data', 'augment', i] }));
  return [
    ...(crop > 0 ? [{ named: { name: 'crop', options: { pad: crop } }, path: ['data', 'crop'] }] : []),
    ...(flip ? [{ named: { name: 'flip', options: {} }, path: ['data', 'flip'] }] : []),
    ...(mixup > 0 ? [{ named: { name: 'mixup', options: { alpha: mixup } }, path: ['data', 'mixup'] }] : []),
  ];
}

/** Whether a run changes its training images at random. */
export const hasAugmentations = (options: DataOptions): boolean => entriesOf(options).length > 0;

/**
 * The list with the name of every option, where the first one was given without it. Throws `ANC_UNKNOWN` and `ANC_OPTIONS`
 * with the place in the list.
 */
export async function namedAugmentations<D extends DataOptions>(
  data: D,
  { registries }: Registries,
): Promise<D> {
  const { augment } = data;
  if (augment === undefined) return data;
  const list = await Promise.all(
    augment.map((named, i) =>
      aboutOption(['data', 'augment', i], async () => {
        const complete = withFirstOption(named, registries);
        await registries.augmentations.check(complete);
        return complete;
      }),
    ),
  );
  return { ...data, augment: list };
}

function withFirstOption({ name, options }: Named, registries: Registries['registries']): Named {
  const { contribution } = registries.augmentations.get(name);
  if (!Object.hasOwn(options, UNNAMED)) return { name, options };
  const { [UNNAMED]: value, ...others } = options;
  const first = optionNames(contribution.options)?.[0];
  if (first !== undefined && !Object.hasOwn(others, first))
    return { name, options: { [first]: value, ...others } };
  throw new AncError('ANC_OPTIONS', `a value of augmentation "${name}" has no name.`, {
    expected: first === undefined ? `${name}(option=value, …)` : `the option "${first}" once`,
    received: describeNamed({ name, options }),
  });
}

/** Creates the augmentations of a run for images of a shape. Throws `ANC_OPTIONS` with the option that is wrong. */
export async function createAugmentations(
  options: DataOptions,
  shape: readonly [number, number, number],
  { registries }: Registries,
): Promise<AugmentationPlan> {
  const { augment, crop, flip, views } = options;
  const augmentations = await Promise.all(
    entriesOf(options).map(({ named, path }) =>
      aboutOption(path, async () => {
        const made = await registries.augmentations.create(named, { shape });
        const what = originOf('augmentation', made as Augmentation & { name: string });
        const blamed = blamingIts(made, what);
        probeAugmentation(blamed, shape, what);
        return blamed;
      }),
    ),
  );
  return {
    augmentations,
    views,
    decodedCrops: augment === undefined && (crop > 0 || flip),
    ...(augment === undefined && { partners: 'batch' as const }),
  };
}

/** The same, whose faults are errors that name it. */
function blamingIts(augmentation: Augmentation, what: string): Augmentation {
  const blame = <T>(work: () => T): T => blaming(what, work);
  const draw: Augmentation['draw'] = (rng) => blame(() => augmentation.draw(rng));
  const { id } = augmentation;
  if (isMixing(augmentation)) {
    return {
      id,
      draw,
      mix: (image, partner, record, out) => blame(() => augmentation.mix(image, partner, record, out)),
    };
  }
  const { finite, whileDecoding } = augmentation;
  return {
    id,
    draw,
    apply: (image, record, out) => blame(() => augmentation.apply(image, record, out)),
    ...(finite && { finite }),
    ...(whileDecoding && { whileDecoding }),
  };
}

/** A source's images under the augmentations of a run. `seed`: of views that have no limit. */
export function augmentedImages(
  images: ImageSource,
  { augmentations, decodedCrops, ...rest }: AugmentationPlan,
  seed: number,
): AugmentedImages {
  const isDecoded = decodedCrops && images.crops !== undefined;
  return new AugmentedImages(images, {
    ...rest,
    seed,
    decodedCrops: isDecoded,
    // The source's crops take the place of crops and flips of the resized image.
    augmentations: isDecoded ? augmentations.filter(isMixing) : augmentations,
  });
}
