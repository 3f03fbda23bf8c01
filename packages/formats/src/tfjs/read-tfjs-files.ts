import { AncError, type HostTensor, type Tree } from '@anc/core';
import { z } from 'zod';
import { inMemory } from '../bytes/byte-source.js';
import { elementCount } from '../bytes/element-count.js';
import { fromFloat16 } from '../bytes/float16.js';
import { foreignFile } from '../foreign/foreign-file.js';
import { parseJson } from '../json/parse-json.js';
import { embeddedMetadata } from '../metadata/embedded-metadata.js';
import { isOwn } from '../state-dict/state-dict.js';

const quantization = z.object({
  dtype: z.enum(['uint8', 'uint16', 'float16']),
  min: z.number().optional(),
  scale: z.number().optional(),
});
const entry = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.enum(['float32', 'int32', 'uint8', 'bool']),
  quantization: quantization.optional(),
});
const modelJson = z.object({
  weightsManifest: z.array(z.object({ paths: z.array(z.string()), weights: z.array(entry) })),
  modelTopology: z.unknown().optional(),
  format: z.string().optional(),
  userDefinedMetadata: z.record(z.string(), z.unknown()).optional(),
});
type Entry = z.output<typeof entry>;

const BYTES = { float32: 4, int32: 4, uint8: 1, bool: 1, uint16: 2, float16: 2 } as const;

/** The content of a TensorFlow.js model's files. */
export interface TfjsModel {
  /** Weights by name. */
  readonly tensors: Record<string, HostTensor>;
  /** The network as Keras writes it; undefined for a GraphModel. */
  readonly topology: unknown;
  /** What our export wrote into the model; empty in models of other programs. */
  readonly metadata: Tree<string>;
}

/**
 * Reads a TensorFlow.js model (LayersModel or GraphModel). Quantized weights become float32. Of a GraphModel's constants
 * only the network's variables are returned.
 * @param bytes the content of `model.json`
 * @param readShard reads one of the weight files that it lists
 * @throws `ANC_WEIGHTS` if the files do not match `model.json`
 */
export async function readTfjsFiles(
  bytes: Uint8Array,
  readShard: (file: string) => Promise<Uint8Array>,
): Promise<TfjsModel> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    const foreign = foreignFile(inMemory(bytes));
    throw damaged(foreign === null ? 'it is not JSON' : `it is ${foreign.what}`, cause, foreign?.hint);
  }
  const parsed = modelJson.safeParse(json);
  if (!parsed.success) throw damaged('it has no readable weightsManifest');
  const isGraph = parsed.data.format === 'graph-model';
  const tensors: [string, HostTensor][] = [];
  const seen = new Set<string>();
  for (const { paths, weights } of parsed.data.weightsManifest) {
    const described = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const path of paths) {
      const place = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.').join('/'); // prettier-ignore
      if (seen.has(place)) throw damaged(`it lists ${quoted(path)} twice`);
      seen.add(place);
      if (/^([\\/]|[a-z]:)|(^|[\\/])\.\.([\\/]|$)/i.test(path))
        throw damaged(`${quoted(path)} lies outside of its folder`);
      const part = await readBeside(readShard, path);
      const foreign = isText(part) ? foreignFile(inMemory(part)) : null;
      if (foreign !== null) throw damaged(`${quoted(path)} is ${foreign.what}`, undefined, foreign.hint);
      length += part.length;
      if (length > described)
        throw damaged(`its files have ${length - described} bytes more than it describes`);
      parts.push(part);
    }
    const data = joined(parts);
    let at = 0;
    for (const weight of weights) {
      const end = at + bytesOf(weight);
      if (end > data.length) throw damaged(`its files end within ${quoted(weight.name)}`);
      if (!isGraph || isVariable(weight))
        tensors.push([weight.name, decoded(weight, new Uint8Array(data.subarray(at, end)))]);
      at = end;
    }
  }
  const named = Object.fromEntries(tensors);
  return {
    tensors: isGraph ? ownVariables(named) : named,
    topology: isGraph ? undefined : parsed.data.modelTopology,
    metadata: embeddedMetadata(parsed.data.userDefinedMetadata),
  };
}

const bytesOf = ({ shape, dtype, quantization }: Entry): number =>
  elementCount(shape) * BYTES[quantization?.dtype ?? dtype];

/** The beginning of a text from the file. */
const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** Throws `ANC_WEIGHTS` if the file does not exist. */
async function readBeside(
  readShard: (path: string) => Promise<Uint8Array>,
  path: string,
): Promise<Uint8Array> {
  try {
    return await readShard(path);
  } catch (cause) {
    throw damaged(`${quoted(path)}, which it lists, cannot be read`, cause);
  }
}

/** Besides variables a graph contains arguments of its operations: axes, shapes, bounds. */
const isVariable = ({ shape, dtype }: Entry): boolean => dtype === 'float32' && shape.length > 0;

/** The tensors with the names of our weights files; all of them if there are none. */
function ownVariables(tensors: Record<string, HostTensor>): Record<string, HostTensor> {
  const own = Object.entries(tensors).filter(([name]) => isOwn({ [name]: null }));
  return own.length > 0 ? Object.fromEntries(own) : tensors;
}

function decoded({ shape, dtype, quantization }: Entry, bytes: Uint8Array): HostTensor {
  const view = new DataView(bytes.buffer);
  const count = elementCount(shape);
  if (quantization !== undefined) {
    const { dtype: stored, min = 0, scale = 1 } = quantization;
    const read = (i: number): number => {
      if (stored === 'float16') return fromFloat16(view.getUint16(2 * i, true));
      return (stored === 'uint8' ? view.getUint8(i) : view.getUint16(2 * i, true)) * scale + min;
    };
    return { shape, data: Float32Array.from({ length: count }, (_, i) => read(i)) };
  }
  if (dtype === 'float32') return { shape, data: new Float32Array(bytes.buffer) };
  return { shape, data: dtype === 'int32' ? new Int32Array(bytes.buffer) : bytes };
}

/** Whether a file of weights starts as a text does: a pointer or a page in its place. */
const isText = (bytes: Uint8Array): boolean =>
  /^\s*(?:version https|<!doctype|<html)/i.test(new TextDecoder().decode(bytes.subarray(0, 64)));

const damaged = (why: string, cause?: unknown, hint?: string): AncError =>
  new AncError('ANC_WEIGHTS', `not a readable TensorFlow.js model: ${why}.`, {
    expected: 'model.json of a LayersModel or GraphModel, with its weight files beside it',
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
  });

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
