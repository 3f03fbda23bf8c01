import type { GraphModel, GraphWeight } from './graph-model.js';

/** One file in the folder of a TensorFlow.js model. */
export interface GraphModelFile {
  /** Name of the file, without a folder. */
  readonly name: string;
  /** Content of the file. */
  readonly bytes: Uint8Array;
}

/** Size of a shard, the same as TensorFlow.js's converter writes: browsers cache files up to this size. */
const SHARD = 4 * 2 ** 20;

/** The files of a GraphModel's folder: weights in shards, then `model.json`, which lists them. */
export function* graphModelFiles(
  { topology, signature, weights }: GraphModel,
  metadata: Readonly<Record<string, string>>,
): Generator<GraphModelFile> {
  const total = weights.reduce((sum, { values }) => sum + values.byteLength, 0);
  const count = Math.max(1, Math.ceil(total / SHARD));
  const paths: string[] = [];
  for (const bytes of shards(weights, total)) {
    const name = `group1-shard${paths.length + 1}of${count}.bin`;
    paths.push(name);
    yield { name, bytes };
  }
  const json = {
    format: 'graph-model',
    generatedBy: 'anc-cli',
    convertedBy: null,
    modelTopology: topology,
    signature,
    userDefinedMetadata: metadata,
    weightsManifest: [{ paths, weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }],
  };
  yield { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)) };
}

/** The weights one after the other, cut into shards. */
function* shards(weights: readonly GraphWeight[], total: number): Generator<Uint8Array> {
  let left = total;
  let shard = new Uint8Array(Math.min(SHARD, left));
  let filled = 0;
  for (const { values } of weights) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + shard.length - filled);
      shard.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < shard.length) continue;
      yield shard;
      left -= filled;
      shard = new Uint8Array(Math.min(SHARD, left));
      filled = 0;
    }
  }
  if (total === 0) yield shard;
}
