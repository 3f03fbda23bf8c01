import { Graph, toNchwc } from '@anc/compiler';
import { serialize } from '../serialize/serialize.js';
import type { EngineClient } from './client.js';

/**
 * Channels per block of ONNX Runtime's NCHWc layout on this processor (16 with AVX-512, 8 with AVX), found by looking
 * at what its own reordering does; null where it has no such layout.
 */
export async function channelBlock(engine: EngineClient): Promise<number | null> {
  const graph = new Graph();
  const shape = [1, 32, 1, 2];
  const x = graph.input('x', 'float32', shape);
  const y = toNchwc(graph, x);
  const session = engine.handle();
  try {
    await engine.createSession(session, serialize(graph, [{ name: 'y', value: y }]));
    const data = Float32Array.from({ length: 64 }, (_, i) => i);
    const found = (await engine.call('runFunction', session, { x: { type: 'float32', shape, data } }))['y']!
      .data;
    await engine.call('releaseSession', session);
    // Channels of the first pixel are the even numbers; the second pixel begins with 1.
    const block = found.indexOf(1);
    return (block === 8 || block === 16) && found.slice(0, block).every((v, i) => v === 2 * i) ? block : null;
  } catch {
    return null;
  }
}
