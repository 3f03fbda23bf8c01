import { fromNchwc, nchwcConv, padWidth, toNchwc } from '../graph/nchwc.js';
import type { Attributes, Value } from '../graph/value.js';
import type { Tracer } from './tracer.js';

/**
 * Whether ONNX Runtime's NCHWc convolution is faster, the reordering of its input and output included: measured for 3×3
 * filters of 16 to 64 channels and 5×5 filters of 64 (1.5 to 3 times).
 * channels: of x; filter: [O, I, kh, kw].
 */
export function nchwcPays(t: Tracer, channels: number, filter: readonly number[]): boolean {
  const block = t.target.channelBlock;
  const [output, input, height, width] = filter as [number, number, number, number];
  if (block === null || output % block !== 0 || input % block !== 0 || input !== channels) return false;
  return input >= 16 && height * width > 1 && height * width <= 25;
}

/**
 * A convolution in NCHWc layout, which ONNX Runtime chooses by itself where filters are constants. x: [B, I, H, W];
 * filter: in NCHWc layout. Returns [B, O, oh, ow].
 */
export function convInNchwc(
  t: Tracer,
  x: Value,
  filter: Value,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  const { graph } = t;
  const blocked = toNchwc(graph, x);
  const [top, left, bottom, right] = attributes['pads'] as [number, number, number, number];
  const product =
    Math.max(left, right) < 2
      ? nchwcConv(graph, [blocked, filter], shape, attributes)
      : nchwcConv(graph, [padWidth(graph, blocked, left, right), filter], shape, {
          ...attributes,
          pads: [top, 0, bottom, 0],
        });
  return fromNchwc(graph, product);
}
