import { readFile } from 'node:fs/promises';
import { OnnxBackend, openByteModel } from '@anc/backend-onnx';
import { sizeOf, type Backend, type HostTensor } from '@anc/core';
import type { MemoryRequest } from '../memory/memory.js';
import { openClassifier } from '../classifier/open-classifier.js';
import type { Composition } from '../composition/compose.js';
import { loadComposition } from './load-composition.js';

/** Answers one request and ends, whatever libraries left running. */
process.once('message', (request: MemoryRequest) => {
  void grownBy(request)
    .catch(() => null)
    .then((bytes) => process.send?.(bytes, () => process.exit(0)));
});

/** Bytes by which this process grows at most while it opens a model and predicts. */
async function grownBy(request: MemoryRequest): Promise<number> {
  const composition = await loadComposition(request.plugins, process.cwd());
  const backend = await composition.registries.backends.create(request.backend, undefined);
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc?.(); // what loading left does not count
  const before = process.memoryUsage.rss();
  let peak = before;
  const watching = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  const run = await opened(request, backend, composition);
  for (const size of request.batchSizes) {
    const shape = [size, ...request.input];
    for (let call = 0; call < 2; call++) await run({ shape, data: new Uint8Array(sizeOf(shape)) });
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  clearInterval(watching);
  return peak - before;
}

async function opened(
  { kind, file, shown, input, batch, least }: MemoryRequest,
  backend: Backend,
  composition: Composition,
): Promise<(images: HostTensor) => Promise<unknown>> {
  if (kind === 'onnx' && backend instanceof OnnxBackend) {
    const model = await openByteModel(backend, await readFile(file), { shown, images: input, batch, least });
    return (images) => model.run(images);
  }
  const { teacher } = await openClassifier({ file, cwd: process.cwd(), images: input, backend }, composition);
  return (images) => teacher.infer(images, ['logits']);
}
