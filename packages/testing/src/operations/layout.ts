import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { at, build, pixel } from '../float64/array.js';
import type { OpCase } from './op-case.js';
import * as reference from '../float64/reference.js';
import { fixed, input } from './declare.js';

export const layout: OpCase[] = [
  {
    name: 'reshape',
    inputs: { x: input([2, 3, 4]) },
    run: ({ x }) => tf.reshape(x!, [4, 6]),
    reference: ({ x }) => ({ shape: [4, 6], data: x!.data }),
  },
  {
    name: 'transpose',
    inputs: { x: input([2, 3, 4]) },
    run: ({ x }) => tf.transpose(x!, [2, 0, 1]),
    reference: ({ x }) => reference.transpose(x!, [2, 0, 1]),
  },
  {
    name: 'pad channels',
    inputs: { x: input([2, 3, 3, 2]) },
    run: ({ x }) =>
      tf.pad(x as Tensor4D, [
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 2],
      ]),
    reference: ({ x }) =>
      build([2, 3, 3, 5], ([b, h, w, c]) => (c! < 1 || c! > 2 ? 0 : pixel(x!, [b!, h!, w!, c! - 1]))),
  },
  {
    name: 'concat',
    inputs: { a: input([2, 3]), b: input([2, 2]) },
    run: ({ a, b }) => tf.concat([a!, b!], 1),
    reference: ({ a, b }) => build([2, 5], ([i, j]) => (j! < 3 ? at(a!, [i!, j!]) : at(b!, [i!, j! - 3]))),
  },
  {
    name: 'slice',
    inputs: { x: input([4, 5]) },
    run: ({ x }) => tf.slice(x!, [1, 2], [2, 3]),
    reference: ({ x }) => build([2, 3], ([i, j]) => at(x!, [i! + 1, j! + 2])),
  },
  {
    name: 'gather',
    inputs: { x: input([4, 3]) },
    run: ({ x }) => tf.gather(x!, tf.tensor1d([2, 0, 2], 'int32')),
    reference: ({ x }) => build([3, 3], ([i, j]) => at(x!, [i === 1 ? 0 : 2, j!])),
  },
  {
    name: 'tensorScatterUpdate',
    inputs: { x: fixed([4, 3], 'normal'), rows: fixed([2, 3], 'normal') },
    run: ({ x, rows }) => tf.tensorScatterUpdate(x!, tf.tensor2d([2, 0], [2, 1], 'int32'), rows!),
    reference: ({ x, rows }) =>
      build([4, 3], ([i, j]) => (i! % 2 === 1 ? at(x!, [i!, j!]) : at(rows!, [i === 0 ? 1 : 0, j!]))),
  },
  {
    name: 'broadcastTo',
    inputs: { x: input([3, 1]) },
    run: ({ x }) => tf.broadcastTo(x!, [2, 3, 4]),
    reference: ({ x }) => build([2, 3, 4], ([, i]) => at(x!, [i!, 0])),
  },
];
