import { kernel, type Kernel } from './kernel.js';
import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

function along(t: Tracer, op: string, x: TracedTensor, axis: number): TracedTensor {
  const value = t.full(x);
  const physical = t.axis(x, axis < 0 ? axis + x.shape.length : axis);
  return { ...x, value: t.graph.op(op, [value], value.type, value.shape, { axis: physical }) };
}

export const softmaxKernels: readonly Kernel[] = [
  kernel('Softmax', 'Softmax', ({ t, input, attrs }) =>
    along(t, 'Softmax', input('logits'), attrs['dim'] as number),
  ),
  kernel('LogSoftmax', 'LogSoftmax', ({ t, input, attrs }) =>
    along(t, 'LogSoftmax', input('logits'), attrs['axis'] as number),
  ),
];
