import { Rng, sizeOf, type Backend, type ClassifierOutputs, type Network } from '@anc/core';
import { compileClassifier } from '@anc/core/internal';

const WARM_UP = 3;
const RUNS = 15;

/**
 * Milliseconds of a network's forward pass of one image, the median of 15 after three; with random weights, because a
 * network is as fast untrained. `input`: [H, W, C].
 */
export async function latencyOf(
  network: Network<ClassifierOutputs>,
  input: readonly number[],
  backend: Backend,
): Promise<number> {
  const variables = network.init(Rng.fromSeed(0), input);
  const compiled = await compileClassifier({ backend, network, variables }, [1, ...input], ['logits']);
  try {
    const images = { shape: [1, ...input], data: new Uint8Array(sizeOf(input)) };
    const times: number[] = [];
    for (let i = 0; i < WARM_UP + RUNS; i++) {
      const start = performance.now();
      await compiled.run({ images });
      if (i >= WARM_UP) times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
  } finally {
    await compiled.dispose();
  }
}
