import { AncError, type Tree } from '@anc/core';
import type { ByteSource } from '../bytes/byte-source.js';
import type { LazyTensor } from '../bytes/lazy-tensor.js';
import { openSafetensors } from '../safetensors/safetensors.js';
import { foreignFile } from '../foreign/foreign-file.js';
import { choosePart } from '../parts/choose-part.js';
import { isTorchCheckpoint, openTorchCheckpoint } from '../torch/checkpoint.js';

/** Layout of kernels: [O, I, H, W] and [out, in] in PyTorch; [H, W, I, O] and [in, out] in TensorFlow and here. */
export type KernelLayout = 'torch' | 'tensorflow';

/** The tensors of a weights file, under the file's names. */
export interface StateDict {
  /** Name of the file format, for messages and records. */
  readonly format: string;
  /** Order of the axes of kernels. */
  readonly layout: KernelLayout;
  /** Tensors by the file's names; each is read when its values are needed. */
  readonly tensors: Tree<LazyTensor>;
  /** The file's metadata. */
  readonly metadata: Tree<string>;
  /** The network as Keras writes it, if the file holds it. */
  readonly topology?: unknown;
  /** Names of variances into which an epsilon was folded, so that a batch norm with an epsilon of 1e-5 computes the same. */
  readonly folded?: ReadonlySet<string>;
  /** What a person should know of how the file was read. */
  readonly notices?: readonly string[];
}

/** A safetensors file starts with a length of eight bytes and an opening brace. */
export const isSafetensors = (start: Uint8Array): boolean =>
  start.length > 8 && start[8] === 0x7b && start[7] === 0 && start[6] === 0;

/**
 * The tensors of a weights file, loaded lazily: a PyTorch state dict, or safetensors (ours, or with PyTorch's names).
 * @param wanted which state dict, where the file holds several: the name of a dictionary or prefix
 * @throws `ANC_CHECKPOINT` or `ANC_SAFETENSORS` if the file is damaged, `ANC_WEIGHTS` if it is of another kind or holds
 * several networks
 */
export function readStateDict(source: ByteSource, wanted?: string): StateDict {
  const foreign = foreignFile(source);
  if (foreign !== null) {
    throw new AncError('ANC_WEIGHTS', `the file does not hold weights: it is ${foreign.what}.`, {
      expected: KINDS,
      hint: foreign.hint,
    });
  }
  if (isTorchCheckpoint(source)) {
    return { format: 'torch', layout: 'torch', metadata: {}, ...openTorchCheckpoint(source, wanted) };
  }
  const start = source.read(0, Math.min(16, source.length));
  if (isSafetensors(start)) {
    const { tensors, metadata } = openSafetensors(source);
    if (isOwn(tensors)) return { format: 'safetensors', layout: 'tensorflow', tensors, metadata };
    const { part, notices } = choosePart(
      [{ name: '', tensors: new Map(Object.entries(inOrder(tensors))) }],
      wanted,
    ) ?? { part: { tensors: new Map<string, LazyTensor>() }, notices: [] };
    return {
      format: 'safetensors',
      layout: 'torch',
      tensors: Object.fromEntries(part.tensors),
      metadata,
      notices,
    };
  }
  throw new AncError('ANC_WEIGHTS', 'the file is not of a kind of weights that can be read.', {
    expected: KINDS,
    received: `${source.length} bytes that start with ${inHex(start.subarray(0, 8))}`,
    hint: isPickle(start)
      ? 'it is a pickle that torch.save did not write: save it with torch.save(model.state_dict(), path).'
      : isOnnx(start)
        ? 'it looks like an ONNX model, which needs no import: give it a name that ends in .onnx.'
        : 'an ONNX model needs no import: use it directly, e.g. --teacher model.onnx.',
  });
}

const KINDS = 'safetensors, a state dict from torch.save (.pth, .pt, .th), or a Keras file (.keras, .h5)';

/** An ONNX model starts with its version, as protobuf's field 1. */
const isOnnx = ([tag = 0, version = 0]: Uint8Array): boolean => tag === 8 && version > 0 && version < 32;

const isPickle = ([first = 0, protocol = 0]: Uint8Array): boolean =>
  first === 0x80 && protocol >= 2 && protocol <= 5;

/** Safetensors are sorted by name, `features.10` before `features.2`: this restores the order of the numbers. */
function inOrder(tensors: Tree<LazyTensor>): Record<string, LazyTensor> {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => compare(a, b)));
}

/** Whether the tensors have the names of our weights files: all start with `params/` or `stats/`. */
export const isOwn = (tensors: Tree<unknown>): boolean =>
  Object.keys(tensors).length > 0 &&
  Object.keys(tensors).every((name) => name.startsWith('params/') || name.startsWith('stats/'));

const inHex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
