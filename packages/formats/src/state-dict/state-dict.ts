import { AncError, type Tree } from '@anc/core';
import type { ByteSource } from '../bytes/byte-source.js';
import type { LazyTensor } from '../bytes/lazy-tensor.js';
import { openSafetensors } from '../safetensors/safetensors.js';
import { isTorchCheckpoint, readTorchCheckpoint } from '../torch/checkpoint.js';

/** Layout of kernels: [O, I, H, W] and [out, in] in PyTorch; [H, W, I, O] and [in, out] in TensorFlow and here. */
export type KernelLayout = 'torch' | 'tensorflow';

/** The tensors of a weights file, under the file's names. */
export interface StateDict {
  readonly format: string;
  readonly layout: KernelLayout;
  readonly tensors: Tree<LazyTensor>;
  /** The file's metadata. */
  readonly metadata: Tree<string>;
  /** The network as Keras writes it, if the file holds it. */
  readonly topology?: unknown;
}

/** A safetensors file starts with a length of eight bytes and an opening brace. */
const isSafetensors = (start: Uint8Array): boolean =>
  start.length > 8 && start[8] === 0x7b && start[7] === 0 && start[6] === 0;

/**
 * The tensors of a weights file, loaded lazily: a PyTorch state dict, or safetensors (ours, or with PyTorch's names).
 * @throws `ANC_CHECKPOINT` or `ANC_SAFETENSORS` if the file is damaged, `ANC_WEIGHTS` if it is of another kind
 */
export function readStateDict(source: ByteSource): StateDict {
  if (isTorchCheckpoint(source)) {
    return { format: 'torch', layout: 'torch', tensors: readTorchCheckpoint(source), metadata: {} };
  }
  const start = source.read(0, Math.min(16, source.length));
  if (isSafetensors(start)) {
    const { tensors, metadata } = openSafetensors(source);
    return isOwn(tensors)
      ? { format: 'safetensors', layout: 'tensorflow', tensors, metadata }
      : { format: 'safetensors', layout: 'torch', tensors: inOrder(tensors), metadata };
  }
  throw new AncError('ANC_WEIGHTS', 'the file is not of a kind of weights that can be read.', {
    expected: 'safetensors, a state dict from torch.save (.pth, .pt, .th), or a Keras file (.keras, .h5)',
    received: `${source.length} bytes that start with ${Buffer.from(start.subarray(0, 8)).toString('hex')}`,
    hint: 'an ONNX model needs no import: use it directly, e.g. --teacher model.onnx.',
  });
}

/** Safetensors are sorted by name, `features.10` before `features.2`: this restores the order of the numbers. */
function inOrder(tensors: Tree<LazyTensor>): Record<string, LazyTensor> {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => compare(a, b)));
}

/** Whether the tensors have the names of our weights files: all start with `params/` or `stats/`. */
export const isOwn = (tensors: Tree<unknown>): boolean =>
  Object.keys(tensors).length > 0 &&
  Object.keys(tensors).every((name) => name.startsWith('params/') || name.startsWith('stats/'));
