import { basename, dirname, join, resolve } from 'node:path';
import { foldConstants, inlineExternalData } from '@anc/backend-onnx';
import { AncError, isAncError, normalizedNetwork, type FrozenNetwork } from '@anc/core';
import { parametersAndFlops } from '@anc/models';
import { namedFile, type FileOptions } from '../classifier/classifier-file.js';
import { findModelInRun, type FoundModel } from '../classifier/find-model.js';
import { imageShapeOf } from '../classifier/image-shape.js';
import { isOnnx } from '../classifier/open-classifier.js';
import { parsePreprocessing } from '../classifier/preprocessing.js';
import { teacherOfRun } from '../classifier/teacher-of-run.js';
import type { Composition } from '../composition/compose.js';
import { readRegularFile } from '../disk/regular-file.js';
import { exportSource } from '../export/export-source.js';
import { onnxModel } from '../export/onnx.js';
import { readNamedFile } from '../files/named-file.js';
import { describeNamed, type Named } from '../text/named.js';

/** A model that is to be measured. */
export interface BenchmarkModel {
  /** `teacher`, the student's name, or the file. */
  readonly name: string;
  /** The run or file that it is of. */
  readonly of: string;
  /** The run that it was found in; null for a file. */
  readonly found: FoundModel | null;
  /** [H, W, C] of the images that it takes. */
  readonly input: readonly [number, number, number];
  /** Options of an ONNX file of another program. */
  readonly reading: Pick<FileOptions, 'onnx'> & {
    readonly preprocessing?: string;
    readonly classes?: readonly string[];
  };
  /** The ONNX model: the file itself with weights of other files inside, or an export of the weights. */
  readonly onnx: Uint8Array;
  /** The file itself, where it is one of weights that a backend opens without ONNX. */
  readonly weights: string | null;
  /** The network itself, of bytes; null for an ONNX file, which has one once it is open. */
  readonly network: (FrozenNetwork & { readonly digest: string }) | null;
  readonly parameters: number | null;
  readonly flops: number | null;
}

export interface ModelsRequest {
  readonly what: string;
  readonly cwd: string;
  /** Of a run: the student; default: its best one. */
  readonly select?: string;
  readonly model?: Named;
  readonly preprocessing?: string;
  readonly input?: readonly [number, number, number];
  readonly notice: (text: string) => void;
}

/** Teacher and student of a run, or the model of a file. Throws what reading them throws. */
export async function benchmarkModels(
  request: ModelsRequest,
  composition: Composition,
): Promise<BenchmarkModel[]> {
  const { what, cwd, select, notice } = request;
  const found = await findModelInRun(what, select, cwd);
  if (found === null) {
    const { file, ...said } = await namedFile(what);
    return [await fromFile(file, file, null, { ...request, ...said }, composition)];
  }
  if (found.choice !== null) notice(`${found.run}: ${found.choice}`);
  const student = await fromFile(found.path, found.name, found, request, composition);
  if (found.name === 'teacher') return [student];
  const teacher = await teacherOf(found, request, student.input, composition).catch((error: unknown) => {
    if (!isAncError(error)) throw error;
    notice(`${found.run}: its teacher cannot be opened, so it has no row: ${error.message}`);
    return null;
  });
  return teacher === null ? [student] : [teacher, student];
}

/**
 * The models of several inputs, under the whole names of inputs of which the last part is the same: `a/model.onnx` and
 * `b/model.onnx`.
 */
export function namedApart<M extends Pick<BenchmarkModel, 'name' | 'of'>>(
  inputs: readonly { readonly what: string; readonly models: readonly M[] }[],
): M[] {
  const isShared = (what: string, { of }: M): boolean =>
    inputs.some((other) => other.what !== what && other.models.some((model) => model.of === of));
  return inputs.flatMap(({ what, models }) =>
    models.map((model) =>
      isShared(what, model)
        ? { ...model, of: what, name: model.name === model.of ? what : model.name }
        : model,
    ),
  );
}

/** The teacher of a student's run. */
async function teacherOf(
  student: FoundModel,
  request: ModelsRequest,
  input: readonly [number, number, number],
  composition: Composition,
): Promise<BenchmarkModel> {
  const { file, found, ...said } = await teacherOfRun(student);
  const { notice, cwd } = request;
  const opened = await fromFile(
    file,
    'teacher',
    found,
    { notice, cwd, what: file, input, ...said },
    composition,
  );
  return { ...opened, of: student.run };
}

interface Opening extends ModelsRequest, FileOptions {
  readonly classes?: readonly string[];
}

async function fromFile(
  file: string,
  name: string,
  found: FoundModel | null,
  opening: Opening,
  composition: Composition,
): Promise<BenchmarkModel> {
  const { cwd, onnx, model, stateDict, preprocessing, classes } = opening;
  const of = found?.run ?? basename(file);
  const common = { name: found === null && name === file ? basename(file) : name, of, found };
  const input = opening.input ?? (await shapeOf(file, found, opening, composition));
  if (isOnnx(file)) {
    const { bytes, path } = await readNamedFile(file, cwd);
    const unknown = { weights: null, network: null, parameters: null, flops: null };
    const reading = {
      ...(onnx && { onnx }),
      ...(preprocessing === undefined ? {} : { preprocessing }),
      ...(classes === undefined ? {} : { classes }),
    };
    const whole = await inlineExternalData(bytes, basename(file), (beside) =>
      readRegularFile(join(dirname(path), beside)),
    );
    return { ...common, ...unknown, input, reading, onnx: whole };
  }
  const read = await exportSource(
    file,
    found,
    {
      ...(model && { model }),
      ...(stateDict === undefined ? {} : { stateDict }),
      ...(preprocessing === undefined ? {} : { preprocessing }),
      input,
    },
    composition,
    cwd,
  );
  const normalization = read.normalization ?? parsePreprocessing('unit', input[2]);
  const source = { ...read, normalization };
  if (source.metadata.task !== undefined && !source.metadata.task.startsWith('classification')) {
    throw new AncError('ANC_TASK', `${common.name} does not predict one class per image.`, {
      expected: 'a classifier',
      received: source.metadata.task,
    });
  }
  const shape = {
    layout: 'nchw',
    foldNormalization: normalization === 'per-image',
    features: false,
  } as const;
  return {
    ...common,
    input,
    reading: {},
    onnx: foldConstants(onnxModel(source, shape)),
    weights: resolve(cwd, file),
    network: {
      network: {
        ...normalizedNetwork(source.network, normalization),
        name: JSON.stringify([source.network.name, describeNamed(source.model), normalization]),
      },
      variables: source.variables,
      digest: source.provenance.weightsSha256 ?? '',
    },
    ...parametersAndFlops(source.network, input),
  };
}

async function shapeOf(
  file: string,
  found: FoundModel | null,
  { cwd, onnx, model, stateDict }: Opening,
  composition: Composition,
): Promise<readonly [number, number, number]> {
  const said = {
    ...(onnx && { onnx }),
    ...(model && { model }),
    ...(stateDict !== undefined && { stateDict }),
  };
  const { shape, source } = await imageShapeOf({ file, cwd, ...said, recorded: found !== null }, composition);
  if (shape.every((side) => side !== null)) return shape as unknown as [number, number, number];
  throw new AncError('ANC_USAGE', `${file} takes images of any size.`, {
    expected: '--size HxWxC, e.g. 224x224x3',
    received: `[${shape.map((side) => side ?? '?').join(', ')}] from ${source}`,
  });
}
