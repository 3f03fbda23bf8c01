import type { Variables } from '@anc/core';
import type { LazyTensor, StateDict } from '@anc/formats';

type Shapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;
type Data = Float32Array;

const matrices = (tensors: Shapes): [string, readonly number[]][] =>
  Object.entries(tensors).flatMap(([name, { shape }]) => (shape.length === 2 ? [[name, shape]] : []));

/**
 * The tensors with a head in the form of the last matrix of `template`: a 1×1 convolution of a one-pixel image becomes a
 * matrix, and a single logit z (of a sigmoid) becomes the logits 0 and z, whose softmax is the same. Any other head is
 * left alone.
 */
export function withMatrixHead(
  { params }: Variables<{ readonly shape: readonly number[] }>,
  dict: StateDict,
): StateDict {
  const wanted = matrices(params).at(-1)?.[1];
  if (wanted === undefined) return dict;
  const missing = matrices(params).length - matrices(dict.tensors).length;
  return withTwoLogits(missing === 1 ? withoutPixel(dict, wanted[0]!) : dict, wanted);
}

/** The last 1×1 kernel of `width` channels, [1, 1, I, O] or [O, I, 1, 1], as a matrix. */
function withoutPixel(dict: StateDict, width: number): StateDict {
  const { tensors, layout } = dict;
  const torch = layout === 'torch';
  const found = Object.entries(tensors).findLast(([, { shape }]) => {
    const plane = torch ? shape.slice(2) : shape.slice(0, 2);
    return shape.length === 4 && plane.every((side) => side === 1) && shape[torch ? 1 : 2] === width;
  });
  if (found === undefined) return dict;
  const [name, { shape }] = found;
  return replaced(dict, name, torch ? shape.slice(0, 2) : shape.slice(2), (data) => data);
}

/** The last matrix and its bias with a second logit, if there is one and two are needed. */
function withTwoLogits(dict: StateDict, [width, classes]: readonly number[]): StateDict {
  const [name = '', shape] = matrices(dict.tensors).at(-1) ?? [];
  const torch = dict.layout === 'torch';
  const single = torch ? [1, width] : [width, 1];
  if (classes !== 2 || shape?.join() !== single.join()) return dict;
  const bias = name.replace(/(kernel|weight)$/, 'bias');
  const widened = torch
    ? replaced(dict, name, [2, width!], (data) =>
        Float32Array.from([...new Float32Array(data.length), ...data]),
      )
    : replaced(dict, name, [width!, 2], interleaved);
  return dict.tensors[bias]?.shape.join() === '1' ? replaced(widened, bias, [2], interleaved) : widened;
}

/** Inserts a zero before every number. */
const interleaved = (data: Data): Data =>
  Float32Array.from({ length: 2 * data.length }, (_, i) => (i % 2 === 0 ? 0 : data[(i - 1) / 2]!));

function replaced(
  dict: StateDict,
  name: string,
  shape: readonly number[],
  change: (data: Data) => Data,
): StateDict {
  const stored = dict.tensors[name]!;
  const made: LazyTensor = {
    ...stored,
    shape,
    load: () => ({ shape, data: change(stored.load().data as Data) }),
  };
  return { ...dict, tensors: { ...dict.tensors, [name]: made } };
}
