import { Rng, sizeOf, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { DERIVED, type Derivation } from './derive.js';
import { createSession, failed, runInBatches } from './session.js';

export interface Probe {
  readonly classes: number;
  /** Width of the features; 0 if there are none. */
  readonly features: number;
  /** Whether there are features, with one row per image and the width that the last layer takes. */
  readonly featuresFit: boolean;
  /** Whether the outputs are probabilities: not below 0, with sum 1 per row. */
  readonly probabilities: boolean;
  /** Images per call, if only one number works; else null. */
  readonly batch: number | null;
}

const COUNT = 3;

/**
 * Facts about a derived classifier from a run on three images of noise.
 *
 * @throws `ANC_ONNX` if it does not run
 */
export async function probeClassifier(
  engine: EngineClient,
  model: Uint8Array,
  { images, head, input }: Derivation,
  shown: string,
): Promise<Probe> {
  const session = engine.handle();
  await createSession(engine, session, model.slice(), shown);
  try {
    const rng = Rng.fromSeed(0);
    const data = Uint8Array.from({ length: COUNT * sizeOf(images) }, () => rng.int(256));
    const attempt = (batch: number | null): Promise<Tree<HostTensor>> =>
      runInBatches(engine, session, { shape: [COUNT, ...images], data }, images, batch);
    let { batch } = input;
    let results: Tree<HostTensor>;
    const where = `${shown}: the model does not run on images ${images.join('×')}.`;
    try {
      results = await attempt(batch);
      const { shape } = results[DERIVED.logits]!;
      if (shape[0] !== COUNT) throw new Error(`its output for ${COUNT} images is [${shape.join(', ')}]`);
    } catch (cause) {
      if (batch !== null) throw failed(where, cause);
      batch = 1; // the open batch is declared, but does not work
      results = await attempt(batch).catch(() => {
        throw failed(where, cause);
      });
    }
    const { shape, data: logits } = results[DERIVED.logits]!;
    const found = results[DERIVED.features];
    const width = found?.shape[1] ?? 0;
    return {
      classes: shape[1]!,
      features: width,
      featuresFit: found?.shape[0] === COUNT && (head.featureWidth ?? width) === width,
      probabilities: areProbabilities(logits, shape[1]!),
      batch,
    };
  } finally {
    await engine.call('releaseSession', session);
  }
}

function areProbabilities(data: ArrayLike<number>, classes: number): boolean {
  const values = Array.from(data);
  const rows = Array.from({ length: values.length / classes }, (_, i) =>
    values.slice(i * classes, (i + 1) * classes).reduce((sum, value) => sum + value, 0),
  );
  return classes > 1 && values.every((value) => value >= 0) && rows.every((sum) => Math.abs(sum - 1) < 1e-3);
}
