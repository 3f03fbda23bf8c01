import { AncError, openSafetensors, type ByteSource, type LazyTensor, type Tree } from '@anc/core';
import { isTorchCheckpoint, readTorchCheckpoint } from './torch/checkpoint.js';

/** How a framework lays out its kernels: [O, I, H, W] and [out, in], or, as here, [H, W, I, O] and [in, out]. */
export type KernelLayout = 'torch' | 'tensorflow';

/** The tensors of a weights file, by the names that they have there. */
export interface StateDict {
  readonly format: string;
  readonly layout: KernelLayout;
  readonly tensors: Tree<LazyTensor>;
  /** What the file says of itself beside its tensors. */
  readonly metadata: Tree<string>;
  /** The network as Keras writes it, where the file holds that too. */
  readonly topology?: unknown;
}

/** A safetensors file starts with a length of eight bytes and an opening brace. */
const isSafetensors = (start: Uint8Array): boolean =>
  start.length > 8 && start[8] === 0x7b && start[7] === 0 && start[6] === 0;

/**
 * The tensors of a weights file: a PyTorch state dict, or safetensors (ours, or with PyTorch's names). Each is read
 * when it is wanted.
 * Throws `ANC_CHECKPOINT` or `ANC_SAFETENSORS` on a damaged file, `ANC_WEIGHTS` on another kind of file.
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
  throw new AncError('ANC_WEIGHTS', 'the file is of no kind of weights that is read here.', {
    expected:
      'safetensors, what torch.save made of a state dict (.pth, .pt, .th), or a Keras file (.keras, .h5)',
    received: `${source.length} bytes that start with ${Buffer.from(start.subarray(0, 8)).toString('hex')}`,
    hint: 'an ONNX model needs no import: give it as it is, e.g. --teacher model.onnx.',
  });
}

/** Safetensors are sorted by name, `features.10` before `features.2`: numbers in names say what came first. */
function inOrder(tensors: Tree<LazyTensor>): Record<string, LazyTensor> {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => compare(a, b)));
}

/** Whether tensors have our names: everything under `params/` or `stats/`. */
export const isOwn = (tensors: Tree<unknown>): boolean =>
  Object.keys(tensors).length > 0 &&
  Object.keys(tensors).every((name) => name.startsWith('params/') || name.startsWith('stats/'));
