import type { Backend } from '@anc/core';
import { namedFile, type NamedFile } from '../classifier/classifier-file.js';
import { findModelInRun, type FoundModel } from '../classifier/find-model.js';
import { imageShapeOf } from '../classifier/image-shape.js';
import type { Composition } from '../composition/compose.js';
import type { StatedShape } from '../data/image-size.js';
import { assertThere } from '../files/named-file.js';
import { optionError } from '../options/option-error.js';
import type { OptionPath } from '../options/run-options.js';
import { readNamed, type Named } from '../text/named.js';
import { assertPath, typeInWords, type OptionNames } from './known-options.js';
import type { ReadingOptions } from './open-model.js';
import { CALL_OPTIONS, callOf, composeWith, type CallOptions } from './call.js';
import { TrainedModel } from './trained-model.js';
import { isNamed, ValueRegistry, type BackendInput, type DatasetInput, type NameInput } from './values.js';

/** How a model of a caller is read. */
export interface ModelFileOptions extends CallOptions, Omit<ReadingOptions, 'model'> {
  /** Network of weights that do not name it. */
  readonly model?: NameInput;
  /** Backend that computes the outputs. */
  readonly backend?: BackendInput;
}

/** Names of `ModelFileOptions`. */
export const MODEL_FILE_OPTIONS: OptionNames<ModelFileOptions> = {
  ...CALL_OPTIONS,
  select: true,
  model: true,
  preprocessing: true,
  input: true,
  backend: true,
};

/** A name of the caller with its options. Throws `ANC_CONFIG` where it is none. */
export function asNamed(name: NameInput, path: OptionPath): Named {
  if (typeof name !== 'string' && !isNamed(name)) {
    throw optionError(path, 'expected a name, or a name with options.', { received: typeInWords(name) });
  }
  if (typeof name !== 'string') return { name: name.name, options: name.options ?? {} };
  const read = readNamed(name);
  return 'problem' in read ? { name, options: {} } : read;
}

/** What a call on a model works with. */
export interface OpenedCall {
  readonly found: FoundModel | null;
  readonly composition: Composition;
  readonly cwd: string;
  /** A registered dataset, or the path of a folder. */
  readonly images: string | Named | undefined;
}

/** Finds a model in a run and loads plugins, those of the run included. */
export async function openCall(
  what: string | TrainedModel,
  options: CallOptions & { readonly select?: string; readonly images?: DatasetInput },
): Promise<OpenedCall> {
  if (!(what instanceof TrainedModel)) assertPath(what, 'model');
  const { cwd } = callOf(options);
  const found = typeof what === 'string' ? await findModelInRun(what, options.select, cwd) : null;
  if (typeof what === 'string' && found === null) assertThere((await namedFile(what)).file, cwd);
  const values = new ValueRegistry();
  const images =
    options.images === undefined ? undefined : values.name('datasets', options.images, ['images']);
  const composition = await composeWith(options.plugins ?? [], values, cwd, {
    discover: options.discoverPlugins,
  })(found?.options.plugins ?? []);
  return { found, composition, cwd, images };
}

const isBackend = (input: unknown): input is Backend =>
  typeof input === 'object' && input !== null && 'compile' in input;

/** Opens a backend by name or takes the caller's; `close` leaves the caller's open. */
export async function openBackend(
  input: BackendInput | undefined,
  { registries }: Composition,
): Promise<{ readonly backend: Backend; close(): Promise<void> }> {
  if (isBackend(input)) return { backend: input, close: () => Promise.resolve() };
  const named = input === undefined ? { name: 'onnx', options: {} } : asNamed(input, ['backend']);
  const backend = await registries.backends.create(named, undefined);
  return { backend, close: () => backend.dispose() };
}

/** The parts of `options` that say how a file is read. */
export const readingOf = ({ select, model, preprocessing, input }: ModelFileOptions): ReadingOptions => ({
  ...(select === undefined ? {} : { select }),
  ...(model === undefined ? {} : { model: asNamed(model, ['model']) }),
  ...(preprocessing === undefined ? {} : { preprocessing }),
  ...(input === undefined ? {} : { input }),
});

/** What a model says of its images: its file, or the model in memory. */
export async function shapeOfModel(
  what: string | TrainedModel,
  found: FoundModel | null,
  { model }: ReadingOptions,
  composition: Composition,
  cwd: string,
): Promise<StatedShape> {
  if (typeof what !== 'string') return { shape: what.input, source: 'the model' };
  const said: NamedFile = found === null ? await namedFile(what) : { file: found.path };
  return imageShapeOf({ ...said, cwd, ...(model && { model }), recorded: found !== null }, composition);
}
