import { AncError, type Tree } from '@anc/core';
import { z } from 'zod';

/** The version that is read and written. Version 1 writes no version key; a file without one has version 1. */
const VERSION = 1;
const VERSION_KEY = 'metadataVersion';

const options = z.record(z.string(), z.unknown()).readonly();
const size = z.int().positive();
/** Numbers of an image that a network may take: 4096×4096 in color, and more. */
const MOST_PIXELS = 2 ** 26;
const normalization = z.union([
  z.literal('per-image'),
  z.object({
    mean: z.array(z.number()).min(1).readonly(),
    std: z.array(z.number().positive()).min(1).readonly(),
  }),
]);

/** Fields with `catch` are ignored where their content is of another kind; the others make the file unusable. */
const schema = z.object({
  /** Name of the model. */
  model: z.string().optional(),
  modelOptions: options.optional(),
  /** [H, W, C] of the images that the network was trained on. */
  input: z
    .tuple([size, size, size])
    .refine((sizes) => sizes.reduce((a, b) => a * b) <= MOST_PIXELS)
    .readonly()
    .optional()
    .catch(undefined),
  /** Names of the classes in order, or their number. */
  classes: z
    .union([z.array(z.string()).min(1).readonly(), size])
    .optional()
    .catch(undefined),
  /** The task that its logits are for, in the notation of configuration files; absent: classification. */
  task: z.string().optional(),
  /** The normalization of pixels 0..255 that the network expects. */
  normalization: normalization.optional().catch(undefined),
  /** The same, where an exported model contains it. */
  foldedNormalization: normalization.optional().catch(undefined),
  /** Name of the method that trained the network. */
  method: z.string().optional(),
  methodOptions: options.optional(),
  /** The dataset in the notation of configuration files, e.g. `glyphs(size=16)`. */
  dataset: z.string().optional(),
  /** Random seed of the training. */
  seed: z.number().optional().catch(undefined),
  /** Folder of the run that exported weights come from. */
  run: z.string().optional(),
  /** Which of the run's networks they are: a student's name, or `teacher`. */
  runModel: z.string().optional(),
  /** SHA-256 of the weights file that was exported. */
  weightsSha256: z.string().optional(),
  /** Name and version of the program that exported them. */
  program: z.string().optional(),
  /** Name of the file that weights were imported from. */
  source: z.string().optional(),
  sourceSha256: z.string().optional(),
  /** Name of the quantizer, where the tensors are codes and levels instead of weights. */
  compact: z.string().optional(),
  /** Order of the axes of an exported model's input. */
  layout: z.enum(['nchw', 'nhwc']).optional().catch(undefined),
  /** Entries under other keys. */
  other: z.record(z.string(), z.string()).readonly().optional(),
});

/** What a weights file records about its network. Files store it as strings by key. */
export type WeightsMetadata = Readonly<z.output<typeof schema>>;

type Field = Exclude<keyof WeightsMetadata, 'other'>;
/** A field as a string, and back. `decode` throws a SyntaxError for text that is not JSON where it should be. */
interface Codec {
  encode(value: unknown): string;
  decode(text: string): unknown;
}

const TEXT: Codec = { encode: String, decode: (text) => text };
const JSON_TEXT: Codec = {
  encode: (value) => JSON.stringify(value),
  decode: (text): unknown => JSON.parse(text),
};
/** JSON that is ignored where it is of another kind. Numbers that cannot normalize anything are damage. */
const NORMALIZATION: Codec = {
  ...JSON_TEXT,
  decode: (text) => {
    const value = jsonOrNothing(text);
    if (isImpossibleNormalization(value)) throw new SyntaxError('a deviation is not above 0');
    return value;
  },
};
const NUMBER: Codec = {
  encode: String,
  decode: (text) => (String(Number(text)) === text ? Number(text) : undefined),
};
const LOWER_CASE: Codec = { encode: String, decode: (text) => text.toLowerCase() };

/** In the order in which the strings are written. */
const CODECS: Readonly<Record<Field, Codec>> = {
  model: TEXT,
  modelOptions: JSON_TEXT,
  input: JSON_TEXT,
  classes: JSON_TEXT,
  task: TEXT,
  normalization: NORMALIZATION,
  foldedNormalization: NORMALIZATION,
  method: TEXT,
  methodOptions: JSON_TEXT,
  dataset: TEXT,
  seed: NUMBER,
  run: TEXT,
  runModel: TEXT,
  weightsSha256: TEXT,
  program: TEXT,
  source: TEXT,
  sourceSha256: TEXT,
  compact: TEXT,
  layout: LOWER_CASE,
};
const FIELDS = Object.entries(CODECS) as [Field, Codec][];

/** The key of a field: its own name, but for one that version 1 calls differently. */
const keyOf = (field: Field): string => (field === 'runModel' ? 'player' : field);
const KEYS = new Set([VERSION_KEY, ...FIELDS.map(([field]) => keyOf(field))]);

/** The strings of a weights file of version 1, in a fixed order. Fields that are undefined are left out. */
export function encodeWeightsMetadata(metadata: WeightsMetadata): Record<string, string> {
  const known = FIELDS.filter(([field]) => metadata[field] !== undefined).map(([field, codec]) => [
    keyOf(field),
    codec.encode(metadata[field]),
  ]);
  const other = Object.entries(metadata.other ?? {}).filter(([key]) => !KEYS.has(key));
  return Object.fromEntries([...known, ...other]) as Record<string, string>;
}

/**
 * Reads the strings of a weights file. Unknown keys are kept in `other`; an input, classes, a normalization, a seed or a
 * layout of another kind are ignored.
 * @throws `ANC_WEIGHTS` if another field is damaged, a deviation is not above 0, or if a newer version wrote the file
 */
export function decodeWeightsMetadata(strings: Tree<string>): WeightsMetadata {
  assertVersion(strings);
  return decoded(strings, (field, text, cause) => {
    throw damaged(keyOf(field), text, cause);
  });
}

/**
 * Reads the strings of a file that another program may have written, with keys of ours by accident, such as an ONNX model.
 * Whatever is of another kind is ignored.
 * @throws `ANC_WEIGHTS` if a newer version of this program wrote the file
 */
export function decodeForeignMetadata(strings: Tree<string>): WeightsMetadata {
  if (strings['modelOptions'] !== undefined) assertVersion(strings); // we write both
  return decoded(strings, () => undefined);
}

/** What becomes of a field that is damaged; it is left out where nothing is thrown. */
type Unreadable = (field: Field, text: string, cause: unknown) => void;

function decoded(strings: Tree<string>, unreadable: Unreadable): WeightsMetadata {
  const fields = FIELDS.flatMap(([field, codec]) => {
    const text = strings[keyOf(field)];
    if (text === undefined) return [];
    const value = fieldFrom(field, codec, text, unreadable);
    return value === undefined ? [] : [[field, value] as const];
  });
  const other = Object.entries(strings).filter(([key]) => !KEYS.has(key));
  return {
    ...(Object.fromEntries(fields) as WeightsMetadata),
    ...(other.length === 0 ? {} : { other: Object.fromEntries(other) }),
  };
}

function fieldFrom(field: Field, { decode }: Codec, text: string, unreadable: Unreadable): unknown {
  try {
    return schema.shape[field].parse(decode(text));
  } catch (cause) {
    unreadable(field, text, cause);
    return undefined;
  }
}

function assertVersion({ [VERSION_KEY]: text }: Tree<string>): void {
  if (text === undefined) return;
  const version = Number(text);
  if (!Number.isInteger(version) || version < 1) throw damaged(VERSION_KEY, text);
  if (version <= VERSION) return;
  throw new AncError('ANC_WEIGHTS', 'the weights were written by a newer version of this program.', {
    expected: `metadata of version ${VERSION} or lower`,
    received: `version ${text}`,
    hint: 'update anc-cli, or export the weights again with the version that is installed here.',
  });
}

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number');

/** Whether a value is a mean and a deviation by which no pixel can be normalized: one that is not above 0, or too few. */
function isImpossibleNormalization(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { mean, std } = value as { mean?: unknown; std?: unknown };
  if (!isNumbers(mean) || !isNumbers(std)) return false;
  return !std.every((one) => one > 0) || mean.length % std.length !== 0;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Characters of a value that are shown. */
const LONGEST = 200;

const damaged = (key: string, text: string, cause?: unknown): AncError =>
  new AncError('ANC_WEIGHTS', "the file's metadata is damaged.", {
    expected: key.endsWith('ormalization')
      ? `${key}: a mean and a deviation (std) above 0 for each channel`
      : `${key} as this program writes it`,
    received: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text,
    hint: 'export or import the weights again, or restore the file from a copy.',
    ...(cause === undefined ? {} : { cause }),
  });
