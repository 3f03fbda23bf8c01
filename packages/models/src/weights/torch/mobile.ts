import { isAncError, sizeOf, type ModelEnvironment, type Tree } from '@anc/core';
import { parametersAndFlops } from '../../counts.js';
import { efficientnetLite } from '../../mobile/efficientnet-lite.js';
import { mobilenetV2 } from '../../mobile/mobilenet-v2.js';
import { mobilenetV3Large, mobilenetV3Small } from '../../mobile/mobilenet-v3.js';
import { shufflenetV2 } from '../../mobile/shufflenet-v2.js';
import { torchPath } from './module-path.js';
import type { RecognizedModel } from './recognized-model.js';

type Shapes = Tree<{ readonly shape: readonly number[] }>;

interface Scaled {
  readonly width: number;
  readonly depth?: number;
}

/** How a family is recognized, and its network at a width. */
interface Family {
  readonly model: string;
  /** Tensors that only this family has together. */
  readonly has: readonly string[];
  /** A tensor that another family has beside them. */
  readonly hasNot?: string;
  /** The first kernel and the last matrix. */
  readonly stem: string;
  readonly head: string;
  readonly create: (
    options: Scaled,
    environment: ModelEnvironment,
  ) => Parameters<typeof parametersAndFlops>[0];
  /** What names and shapes do not tell, as a sentence. */
  readonly notice?: string;
  /** Sizes that are published, where they are more than a width. */
  readonly published?: readonly Scaled[];
}

const FAMILIES: readonly Family[] = [
  {
    model: 'mobilenet-v2',
    has: ['features.1.conv.0.0.weight', 'features.17.conv.0.0.weight'],
    stem: 'features.0.0.weight',
    head: 'classifier.1.weight',
    create: mobilenetV2,
  },
  {
    model: 'mobilenet-v3-small',
    has: ['features.1.block.0.0.weight', 'features.12.0.weight'],
    stem: 'features.0.0.weight',
    head: 'classifier.3.weight',
    create: mobilenetV3Small,
  },
  {
    model: 'mobilenet-v3-large',
    has: ['features.1.block.0.0.weight', 'features.16.0.weight'],
    stem: 'features.0.0.weight',
    head: 'classifier.3.weight',
    create: mobilenetV3Large,
  },
  {
    model: 'shufflenet-v2',
    has: ['stage2.0.branch1.0.weight', 'stage4.3.branch2.0.weight', 'conv5.0.weight'],
    stem: 'conv1.0.weight',
    head: 'fc.weight',
    create: shufflenetV2,
  },
  {
    model: 'efficientnet-lite0',
    has: ['blocks.0.0.conv_dw.weight', 'blocks.6.0.conv_pwl.weight', 'conv_head.weight'],
    hasNot: 'blocks.0.0.se.conv_reduce.weight',
    stem: 'conv_stem.weight',
    head: 'classifier.weight',
    create: efficientnetLite,
    notice: `it is read as TensorFlow's EfficientNet-Lite (timm's tf_efficientnet_lite…); timm's own has the same names and shapes: name that one with padding=both, e.g. --model "efficientnet-lite0(padding=both)".`,
    published: [
      { width: 1, depth: 1.1 },
      { width: 1.1, depth: 1.2 },
      { width: 1.2, depth: 1.4 },
      { width: 1.4, depth: 1.8 },
    ],
  },
];

/** Widths that are tried: the usual ones first, then every hundredth. */
const WIDTHS: readonly number[] = [
  ...new Set([
    1,
    0.5,
    0.75,
    0.25,
    1.5,
    2,
    0.35,
    1.4,
    ...Array.from({ length: 400 }, (_, i) => (i + 1) / 100),
  ]),
];

/** What inference does not use, and what is not trained. */
const NOT_TRAINED = /\.(?:running_mean|running_var|num_batches_tracked)$/;

/**
 * A mobile network of torchvision or timm: the family by its names, the width by the number of its parameters; null for
 * another network, or one of a width that is no hundredth.
 */
export function mobileIn(stateDict: Shapes): RecognizedModel<Partial<Scaled>> | null {
  const has = (name: string): boolean => Object.hasOwn(stateDict, name);
  const family = FAMILIES.find(
    (one) => [...one.has, one.stem, one.head].every(has) && (one.hasNot === undefined || !has(one.hasNot)),
  );
  if (family === undefined) return null;
  const channels = stateDict[family.stem]!.shape[1]!;
  const environment: ModelEnvironment = {
    input: [224, 224, channels],
    classes: stateDict[family.head]!.shape[0]!,
  };
  const stored = Object.entries(stateDict)
    .filter(([name]) => !NOT_TRAINED.test(name))
    .reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
  const sizes: readonly Scaled[] = [...(family.published ?? []), ...WIDTHS.map((width) => ({ width }))];
  const size = sizes.find((one) => parametersOf(family, one, environment) === stored);
  if (size === undefined) return null;
  const { width, depth } = size;
  return {
    model: family.model,
    options: { ...(width === 1 ? {} : { width }), ...(depth === undefined ? {} : { depth }) },
    environment,
    map: torchPath,
    ...(family.notice === undefined ? {} : { notice: family.notice }),
  };
}

function parametersOf(family: Family, size: Scaled, environment: ModelEnvironment): number | null {
  try {
    return parametersAndFlops(family.create(size, environment), environment.input).parameters;
  } catch (error) {
    if (isAncError(error)) return null; // options of another family, or nonsense for classes
    throw error;
  }
}
