import { batchNorm, conv2d, dense, relu, sequential, type AuxiliaryLayer, type Layer } from '@anc/core';
import type { TapPair } from '../features/tap-pairs.js';

/** A convolution from the student's plane to the teacher's; from a smaller plane, one that keeps it. */
function convolution({ studentShape, teacherShape }: TapPair): Layer | null {
  const filters = teacherShape[2]!;
  const [own, wanted] = [studentShape[0]!, teacherShape[0]!];
  if (own < wanted) return conv2d('conv', { kernelSize: 3, padding: 1, filters });
  if (own === 2 * wanted) return conv2d('conv', { kernelSize: 3, stride: 2, padding: 1, filters });
  return conv2d('conv', { kernelSize: 1 + own - wanted, padding: 'valid', filters });
}

/**
 * The regressor of RepDistiller's hints, from the student's output to the teacher's: for images, a convolution, batch
 * norm and ReLU; for vectors, a fully connected layer. Where the student's plane is the smaller one, its result has
 * that plane, and the teacher's output has to be averaged to it. Null where one output is an image and the other is
 * not, or a plane that is not square is to be reduced.
 */
export function regressorOf(name: string, pair: TapPair): AuxiliaryLayer | null {
  const { studentShape, teacherShape } = pair;
  if (studentShape.length === 1 && teacherShape.length === 1) {
    return { layer: dense(name, { units: teacherShape[0]! }), input: studentShape };
  }
  if (studentShape.length !== 3 || teacherShape.length !== 3) return null;
  const [height, width] = studentShape as [number, number, number];
  if (height - teacherShape[0]! !== width - teacherShape[1]! && height > teacherShape[0]!) return null;
  const layer = sequential(name, [convolution(pair)!, batchNorm('norm'), relu()]);
  return { layer, input: studentShape };
}
