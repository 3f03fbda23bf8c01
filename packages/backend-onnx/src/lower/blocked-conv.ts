import { convOverBlocks, fromBlocks, toBlocks, widened } from '../graph/blocks/operations.js';
import type { Attributes, Value } from '../graph/value.js';
import type { Tracer } from '../trace/tracer.js';

/**
 * Whether ONNX Runtime's convolution over blocks of channels is faster, the way in and out included: measured
 * for 3×3 filters of 16 to 64 channels and 5×5 filters of 64 (1.5 to 3 times).
 * channels: of x; weights: [O, I, kh, kw].
 */
export function paysBlocked(t: Tracer, channels: number, weights: readonly number[]): boolean {
  const block = t.channelBlock;
  const [output, input, height, width] = weights as [number, number, number, number];
  if (block === null || output % block !== 0 || input % block !== 0 || input !== channels) return false;
  return input >= 16 && height * width > 1 && height * width <= 25;
}

/**
 * A convolution in [B, C / n, H, W, n], n channels side by side as the processor's vectors hold them: the
 * layout that ONNX Runtime takes by itself where weights are constants. filter: in blocks.
 */
export function blockedConv(
  t: Tracer,
  x: Value,
  filter: Value,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  const { graph } = t;
  const inward = toBlocks(graph, x);
  const [top, left, bottom, right] = attributes['pads'] as [number, number, number, number];
  const product =
    Math.max(left, right) < 2
      ? convOverBlocks(graph, [inward, filter], shape, attributes)
      : convOverBlocks(graph, [widened(graph, inward, left, right), filter], shape, {
          ...attributes,
          pads: [top, 0, bottom, 0],
        });
  return fromBlocks(graph, product);
}
