import { AncError, type Discriminator, type LayerSummary, type ModelEnvironment } from '@anc/core';
import type { Composition } from '@anc/pipeline/plugins';
import { KINDS, type Registration } from '@anc/pipeline/plugins';
import { blaming } from '@anc/pipeline/plugins';
import type { Named } from '@anc/pipeline/options';
import { formatCount, formatLarge } from '@anc/pipeline/options';
import { formatTable } from '../terminal/table.js';
import { optionsOf, originOf, titleOf, type Description } from './describe-options.js';
import { parseClasses, parseSizes } from './sizes.js';

export interface NetworkSizes {
  readonly input?: string;
  readonly classes?: string;
}

/** What is taken where neither the command nor the network says anything. */
const DEFAULTS = { images: [28, 28, 1], classes: 10, features: [64] } as const;

/** The paper's batches: 256 images of ImageNet's size, 128 of any other. */
const batchOf = (input: readonly number[]): number => (Math.min(...input.slice(0, 2)) >= 224 ? 256 : 128);

/** A model layer by layer, and its options. */
export async function describeModel(
  { registries }: Composition,
  named: Named,
  said: NetworkSizes,
): Promise<Description> {
  const registration = registries.models.get(named.name);
  const { input: own, classes: ownClasses } = registration.contribution;
  const input = said.input === undefined ? (own ?? DEFAULTS.images) : imagesOf(said.input);
  const classes =
    said.classes === undefined ? (ownClasses ?? DEFAULTS.classes) : parseClasses(said.classes, '--classes');
  const network = await registries.models.create(named, { input, classes });
  const origin = said.input === undefined ? (own === undefined ? 'the default' : 'its own size') : null;
  const layers = layersFrom(registration, () => network.summary(input));
  const { flops } = totals(layers);
  const images = batchOf(input);
  return described(registration, layers, { input, classes, batch: { images, flops: images * flops } }, [
    `${named.name} for ${input.join('×')} images${origin === null ? '' : ` (${origin}; change it with --input)`}, ${classes} classes`,
    `FLOPs: 2 × multiply-adds + bias additions, one image; ${exact(images * flops)} for a batch of ${images}, as the paper counts.`,
  ]);
}

function imagesOf(text: string): ModelEnvironment['input'] {
  const [height, width, channels] = parseSizes(text, '--input', 3);
  return [height!, width!, channels!];
}

/** 10.515 G (10,514,851,840): what tables of papers say, and the number. */
const exact = (flops: number): string => `${formatLarge(flops)} (${formatCount(flops)})`;

/** A discriminator layer by layer, and its options. */
export async function describeDiscriminator(
  { registries }: Composition,
  named: Named,
  said: NetworkSizes,
): Promise<Description> {
  const registration = registries.discriminators.get(named.name);
  const input = said.input === undefined ? DEFAULTS.features : tapOf(said.input);
  const discriminator: Discriminator = await registries.discriminators.create(named, undefined);
  const classes = said.classes === undefined ? DEFAULTS.classes : parseClasses(said.classes, '--classes');
  const layers = layersFrom(registration, () => discriminator.summary(input, classes));
  const sizes = discriminator.conditional ? { classes } : {};
  const origin = said.input === undefined ? ' (the default; change it with --input)' : '';
  const condition = discriminator.conditional ? `, ${classes} classes` : '';
  return described(registration, layers, { input, ...sizes }, [
    `${named.name} for [${input.join(', ')}]${origin}${condition}`,
    'FLOPs: 2 × multiply-adds + bias additions, one image.',
  ]);
}

/** The layers that a network's summary lists. Throws `ANC_PLUGIN` where it throws, or returns something else. */
function layersFrom(
  registration: Registration,
  summary: () => readonly LayerSummary[],
): readonly LayerSummary[] {
  const layers: unknown = blaming(faultyOf(registration), summary);
  if (Array.isArray(layers) && layers.every(isLayer)) return layers;
  throw new AncError('ANC_PLUGIN', `${faultyOf(registration)} is not a list of layers.`, {
    expected: 'a list of { name, output: [sizes], parameters, flops }, one per layer',
    received: Array.isArray(layers) ? 'a list with something else in it' : typeof layers,
  });
}

const isLayer = (layer: unknown): layer is LayerSummary => {
  const { name, output, parameters, flops } = (layer ?? {}) as Partial<Record<keyof LayerSummary, unknown>>;
  return (
    typeof name === 'string' &&
    Array.isArray(output) &&
    [...(output as unknown[]), parameters, flops].every((size) => typeof size === 'number')
  );
};

/** Whose code it is, for errors. */
const faultyOf = ({ kind, name, package: from }: Registration): string =>
  `the summary of ${KINDS[kind]} "${name}" of plugin "${from}"`;

/** What a discriminator looks at: a vector's width, or an image's HxWxC. */
function tapOf(text: string): number[] {
  const count = text.split(/[x×,]/).length;
  if (count === 1 || count === 3) return parseSizes(text, '--input', count);
  throw new AncError('ANC_USAGE', '--input: expected the width of a vector, or HxWxC of an image tap.', {
    received: text,
    hint: 'e.g. --input 64, or --input 8x8x64.',
  });
}

function described(
  registration: Registration,
  layers: readonly LayerSummary[],
  sizes: object,
  [title, note]: readonly [string, string],
): Description {
  const { parameters, flops } = totals(layers);
  const { schema, table } = optionsOf(registration);
  const rows = layers.map((layer) => [
    layer.name,
    layer.output.join('×'),
    formatCount(layer.parameters),
    formatCount(layer.flops),
  ]);
  const layerTable = formatTable(
    ['layer', 'output', 'parameters', 'FLOPs'],
    [...rows, ['total', '', formatCount(parameters), formatCount(flops)]],
  );
  return {
    document: {
      ...originOf(registration),
      ...sizes,
      parameters,
      flops,
      layers: layers.map(({ name, output, parameters, flops }) => ({ name, output, parameters, flops })),
      options: schema,
    },
    text: [titleOf(registration), title, layerTable, note, table].join('\n'),
  };
}

function totals(layers: readonly LayerSummary[]) {
  const sum = (pick: (layer: LayerSummary) => number): number =>
    layers.reduce((total, layer) => total + pick(layer), 0);
  return { parameters: sum((layer) => layer.parameters), flops: sum((layer) => layer.flops) };
}
