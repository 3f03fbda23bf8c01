import { kernel, type Call, type Kernel } from './kernel.js';
import { NCHW, type TracedTensor } from './traced-tensor.js';

function resize({ t, input, attrs }: Call, mode: 'linear' | 'nearest'): TracedTensor {
  const x = input('images');
  const [height, width] = attrs['size'] as [number, number];
  const coordinates =
    attrs['alignCorners'] === true
      ? 'align_corners'
      : attrs['halfPixelCenters'] === true
        ? 'half_pixel'
        : 'asymmetric';
  const value = t.full(x, NCHW);
  const shape = [value.shape[0]!, value.shape[1]!, height, width];
  const result = t.graph.op('Resize', [value, null, null, t.graph.integers(shape)], 'float32', shape, {
    mode,
    coordinate_transformation_mode: coordinates,
    // tfjs rounds to the nearest pixel when corners are aligned and down otherwise
    nearest_mode: attrs['alignCorners'] === true ? 'round_prefer_ceil' : 'floor',
  });
  return t.tensor(result, [x.shape[0]!, height, width, x.shape[3]!], 'float32', NCHW);
}

export const resizeKernels: readonly Kernel[] = [
  kernel('ResizeBilinear', 'Resize', (call) => resize(call, 'linear')),
  kernel('ResizeNearestNeighbor', 'Resize', (call) => resize(call, 'nearest')),
];
