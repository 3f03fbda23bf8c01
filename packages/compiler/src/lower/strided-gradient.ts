import { sizeOf } from '@anc/core';
import { fromNchwc, gatherRows, nchwcConv, nchwcFilter, padWidth, toNchwc } from '../graph/nchwc.js';
import { concat, reshape, slice, transpose } from '../graph/shape-ops.js';
import type { Value } from '../graph/value.js';
import type { Tracer } from './tracer.js';
import type { Window } from './window.js';

/** Along one axis, the pixels of x at `first`, `first` + stride, …, and the parts of the filter and of dy that reach them. */
interface Phase {
  readonly pixels: number;
  /** How many places of the filter, from `last` backwards; none where no window reaches these pixels. */
  readonly places: number;
  readonly last: number;
  readonly before: number;
  readonly after: number;
}

/** Whether no window reaches these pixels, or there are none. */
const isEmpty = ({ places, pixels }: Phase): boolean => places === 0 || pixels === 0;

function phase(first: number, stride: number, size: number, pad: number, length: number, out: number): Phase {
  const offset = (first + pad) % stride; // the first place of the filter that these pixels ever meet
  const places = Math.max(0, Math.ceil((size - offset) / stride));
  const pixels = Math.ceil((length - first) / stride);
  const before = places - 1 - (first + pad - offset) / stride;
  const last = offset + stride * (places - 1);
  return { pixels, places, last, before, after: pixels - out - before + places - 1 };
}

function phases(window: Window, axis: 'Height' | 'Width'): Phase[] {
  const [stride, size, length, out] = [
    window[`stride${axis}`],
    window[`filter${axis}`],
    window[`in${axis}`],
    window[`out${axis}`],
  ];
  const pad = axis === 'Height' ? window.padInfo.top : window.padInfo.left;
  return Array.from({ length: stride }, (_, first) => phase(first, stride, size, pad, length, out));
}

/** Whether {@link stridedGradient} applies: whole blocks of channels on both sides, no dilation, no row of dy that reaches no pixel. */
export function suitsPhases(t: Tracer, window: Window, group: number): boolean {
  const block = t.target.channelBlock;
  const whole = block !== null && window.inChannels % block === 0 && window.outChannels % block === 0;
  if (!whole || group !== 1 || window.dilationHeight * window.dilationWidth !== 1) return false;
  return [...phases(window, 'Height'), ...phases(window, 'Width')].every(
    (each) => isEmpty(each) || (each.before >= 0 && each.after >= 0),
  );
}

/**
 * ∂/∂x of a strided convolution in NCHWc layout: the pixels of each phase of the stride meet a part of the filter of
 * their own, in a plain convolution of dy; their rows are then put in their places. dy: [B, O, oh, ow]; oihw:
 * [O, I, kh, kw]. ConvTranspose does the same as a matrix product and a scattering sum.
 */
export function stridedGradient(t: Tracer, dy: Value, oihw: Value, window: Window): Value {
  const { graph } = t;
  const block = t.target.channelBlock!;
  const { batchSize: batch, inChannels: channels, strideHeight, strideWidth } = window;
  const gradient = toNchwc(graph, dy);
  const filter = transpose(graph, oihw, [1, 0, 2, 3]);
  const [down, across] = [phases(window, 'Height'), phases(window, 'Width')];
  const parts = down.flatMap((rows) =>
    across.map((columns) => {
      if (isEmpty(rows) || isEmpty(columns)) return null;
      const part = slice(graph, filter, [
        { axis: 2, begin: rows.last, end: -1, step: -strideHeight },
        { axis: 3, begin: columns.last, end: -1, step: -strideWidth },
      ]);
      const shape = [batch, channels, rows.pixels, columns.pixels];
      const wide = padWidth(graph, gradient, columns.before, columns.after);
      return nchwcConv(graph, [wide, nchwcFilter(graph, block, part)], shape, {
        strides: [1, 1],
        pads: [rows.before, 0, rows.after, 0],
        kernel_shape: [rows.places, columns.places],
        dilations: [1, 1],
        group: 1,
      });
    }),
  );
  const asRows = (part: Value): Value => reshape(graph, part, [sizeOf(part.shape) / block, block]);
  const zero = graph.constant('float32', [1, block], new Float32Array(block));
  const table = concat(graph, [...parts.flatMap((part) => (part === null ? [] : [asRows(part)])), zero], 0);
  const name = JSON.stringify(['phases', batch, channels, window.inHeight, window.inWidth, down, across]);
  const shape = [batch, channels, window.inHeight, window.inWidth];
  const value = gatherRows(graph, table, name, () => order(window, batch * (channels / block), down, across));
  return fromNchwc(graph, reshape(graph, value, shape));
}

/** For every pixel of x, in memory order, its row among those of all phases; the last row is zero. */
function order(window: Window, planes: number, down: readonly Phase[], across: readonly Phase[]): Int32Array {
  const { inHeight, inWidth, strideHeight, strideWidth } = window;
  let rows = 0;
  const begins = down.map((row) =>
    across.map((column) => {
      if (isEmpty(row) || isEmpty(column)) return null;
      const begin = rows;
      rows += planes * row.pixels * column.pixels;
      return begin;
    }),
  );
  const from = new Int32Array(planes * inHeight * inWidth);
  for (const [a, row] of down.entries()) {
    for (const [b, column] of across.entries()) {
      const begin = begins[a]![b] ?? null;
      for (let plane = 0; plane < planes; plane++) {
        for (let y = 0; y < row.pixels; y++) {
          let to = (plane * inHeight + a + y * strideHeight) * inWidth + b;
          const before = (plane * row.pixels + y) * column.pixels;
          for (let x = 0; x < column.pixels; x++, to += strideWidth) {
            from[to] = begin === null ? rows : begin + before + x;
          }
        }
      }
    }
  }
  return from;
}
