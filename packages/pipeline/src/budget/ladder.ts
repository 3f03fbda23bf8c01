import type { Named } from '../text/named.js';

/** Networks for images of at least this side halve them more often. */
const LARGE = 64;

const WIDTHS = [0.0625, 0.09375, 0.125, 0.1875, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 1.25, 1.5, 2];

/** Filters of the first convolution of plain networks. */
const FIRST_FILTERS = [2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32];

/** Widths of the networks that round to multiples of 8, where narrower ones are all the same. */
const MOBILE_WIDTHS = [0.0625, 0.125, 0.25, 0.35, 0.5, 0.75, 1, 1.4, 2];

const named = (name: string, options: Named['options'] = {}): Named => ({ name, options });

const widths = (name: string, options: Named['options'] = {}, factors: readonly number[] = WIDTHS): Named[] =>
  factors.map((width) => named(name, width === 1 ? options : { ...options, width }));

/** Plain networks whose first convolution has `first` filters. */
const plain = (first: number, factors: readonly number[]): Named =>
  named('cnn', {
    widths: factors.map((factor) => first * factor),
    pools: factors.length,
    features: Math.min(128, 8 * first),
    batchNorm: true,
  });

const MOBILE = [
  'mobilenet-v3-small',
  'mobilenet-v3-large',
  'mobilenet-v2',
  'mobilenet',
  'efficientnet-lite0',
  'shufflenet-v2',
].flatMap((name) => widths(name, {}, MOBILE_WIDTHS));

/** Networks by what is known to suit images of a size: those of the first list are taken before those of the second. */
export interface Ladder {
  readonly preferred: readonly Named[];
  readonly others: readonly Named[];
}

/** Below half of their 16 filters, the many layers of a ResNet have too little to pass on: a plain network learns more. */
const THIN = 0.5;

const residual = (factors: readonly number[]): Named[] =>
  [8, 14, 20, 32, 56].flatMap((depth) => widths('resnet', { depth }, factors));

const SMALL_IMAGES: Ladder = {
  preferred: [
    ...residual(WIDTHS.filter((width) => width >= THIN)),
    ...FIRST_FILTERS.map((first) => plain(first, [1, 2, 3])),
  ],
  others: [
    ...MOBILE,
    named('lenet5'),
    named('lenet4'),
    named('nin'),
    ...residual(WIDTHS.filter((width) => width < THIN)),
  ],
};

const LARGE_IMAGES: Ladder = {
  preferred: MOBILE,
  others: [
    ...[18, 34, 50].flatMap((depth) => widths('resnet', { family: 'imagenet', depth })),
    ...FIRST_FILTERS.map((first) => plain(first, [1, 2, 3, 3, 3])),
  ],
};

/** The networks to choose from for images of a size. */
export const ladderFor = ([height, width]: readonly number[]): Ladder =>
  Math.min(height!, width!) < LARGE ? SMALL_IMAGES : LARGE_IMAGES;

/** A network that a person named, at every width that they left open; the network alone where it is not a matter of width. */
export const ladderOf = (model: Named, hasWidth: boolean): Ladder => ({
  preferred: hasWidth && model.options['width'] === undefined ? widths(model.name, model.options) : [model],
  others: [],
});
