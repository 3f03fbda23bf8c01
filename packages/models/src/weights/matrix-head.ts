import { type Stored, type Tree, type Variables } from '@anc/core';
import type { StateDict } from './state-dict.js';

type Template = Variables<{ readonly shape: readonly number[] }>;

/** Whether a kernel is a matrix in all but its shape: [1, 1, I, O], or PyTorch's [O, I, 1, 1]. */
const isPointwise = (shape: readonly number[], layout: StateDict['layout']): boolean =>
  shape.length === 4 && (layout === 'torch' ? shape.slice(2) : shape.slice(0, 2)).every((side) => side === 1);

/**
 * The same tensors, the last kernel as a matrix where it is a 1×1 convolution of an image of one pixel: the head of
 * networks that end so, and where `template` has one matrix more than the file.
 */
export function withMatrixHead(template: Template, dict: StateDict): StateDict {
  const { tensors, layout } = dict;
  const matrices = (tree: Tree<{ readonly shape: readonly number[] }>) =>
    Object.values(tree).filter(({ shape }) => shape.length === 2);
  const wanted = matrices(template.params);
  if (wanted.length !== matrices(tensors).length + 1) return dict;
  const shape = layout === 'torch' ? wanted.at(-1)!.shape.toReversed() : wanted.at(-1)!.shape;
  const fits = ([, stored]: [string, Stored]): boolean =>
    isPointwise(stored.shape, layout) &&
    stored.shape.filter((_, axis) => (layout === 'torch' ? axis < 2 : axis >= 2)).join() === shape.join();
  const head = Object.entries(tensors).findLast(fits);
  if (head === undefined) return dict;
  const [name, stored] = head;
  const matrix: Stored = { ...stored, shape, load: () => ({ ...stored.load(), shape }) };
  return { ...dict, tensors: { ...tensors, [name]: matrix } };
}
