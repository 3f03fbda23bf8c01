import { AncError, type AuxiliaryLayer, type LossContext, type Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { linearProjection } from '../features/linear-projection.js';
import type { TapPair } from '../features/tap-pairs.js';

/** Max-pools x to a plane that divides its own. x: [B, H, W, C] -> [B, height, width, C]. */
function pooledTo([height, width]: readonly number[], x: Tensor, name: string): Tensor {
  const [h, w] = [x.shape[1]!, x.shape[2]!];
  if (h === height && w === width) return x;
  const stride: [number, number] = [Math.floor(h / height!), Math.floor(w / width!)];
  const window: [number, number] = [h - (height! - 1) * stride[0], w - (width! - 1) * stride[1]];
  if (Math.min(...stride) < 1) {
    throw new AncError('ANC_METHOD_TAP', `"${name}" is smaller than a tap that comes after it.`, {
      expected: `at least ${height} × ${width}`,
      received: `${h} × ${w}`,
      hint: 'name taps in order of execution.',
    });
  }
  return tf.maxPool(x as tf.Tensor4D, window, stride, 'valid');
}

/**
 * Yim 2017, Eq. 1: G_ij = Σ_st F¹_sti F²_stj / (h·w), the flow from the features of one tap to those of the next; the
 * larger plane is max-pooled to the smaller. first: [B, h, w, m], second: [B, h', w', n] -> [B, m, n].
 */
export function flowMatrix(first: Tensor, second: Tensor, name: string): Tensor {
  const plane = [second.shape[1]!, second.shape[2]!];
  const flat = (x: Tensor): tf.Tensor3D => tf.reshape(x, [x.shape[0], plane[0]! * plane[1]!, x.shape[3]!]);
  const product = tf.matMul(flat(pooledTo(plane, first, name)), flat(second), true, false);
  return tf.div(product, plane[0]! * plane[1]!);
}

/** 1×1 projections from the student's channels to the teacher's where they differ, by name in the training state. */
function projections(pairs: readonly TapPair[], adapter: 'none' | 'linear'): Record<string, AuxiliaryLayer> {
  const uneven = pairs.filter(({ studentShape, teacherShape }) => studentShape[2] !== teacherShape[2]);
  if (adapter === 'none' && uneven.length > 0) {
    const { student, teacher, studentShape, teacherShape } = uneven[0]!;
    throw new AncError('ANC_METHOD_TAP', `"${student}" and the teacher's "${teacher}" differ in channels.`, {
      expected: `${teacherShape[2]} channels`,
      received: `${studentShape[2]}`,
      hint: 'set adapter: linear.',
    });
  }
  return Object.fromEntries(
    uneven.map(({ student, studentShape, teacherShape }) => {
      const same = [studentShape[0]!, studentShape[1]!, teacherShape[2]!];
      return [`flow-${student}`, linearProjection(`flow-${student}`, studentShape, same)!];
    }),
  );
}

/** Yim 2017, Eq. 2: Σ_i ‖G_i^T - G_i^S‖², mean over the batch; the flows i are between consecutive taps. */
export function flowTerm(pairs: readonly TapPair[], adapter: 'none' | 'linear'): Term {
  const layers = projections(pairs, adapter);
  const projected = ({ outputs, auxiliary }: LossContext, name: string): Tensor =>
    layers[`flow-${name}`] ? auxiliary(`flow-${name}`, outputs[name]!) : outputs[name]!;
  return {
    name: 'flow',
    id: JSON.stringify(['flow', pairs.map(({ student, teacher }) => [student, teacher]), adapter]),
    teacherOutputs: pairs.map(({ teacher }) => teacher),
    usesLabels: false,
    auxiliaryLayers: layers,
    loss(context) {
      const studentTaps = pairs.map(({ student }) => projected(context, student));
      const teacherTaps = pairs.map(({ teacher }) => context.batch[`teacher/${teacher}`]!);
      const distances = pairs.slice(1).map(({ student, teacher }, i) => {
        const teacherFlow = flowMatrix(teacherTaps[i]!, teacherTaps[i + 1]!, teacher);
        const studentFlow = flowMatrix(studentTaps[i]!, studentTaps[i + 1]!, student);
        return tf.mean(tf.sum(tf.squaredDifference(studentFlow, teacherFlow), [1, 2]));
      });
      return distances.reduce((sum, distance) => tf.add(sum, distance)) as Scalar;
    },
  };
}
