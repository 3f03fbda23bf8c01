import { isAncError, mapTree, Rng, sizeOf, type ModelEnvironment } from '@anc/core';
import { parametersAndFlops } from '@anc/models';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';

type Network = Awaited<ReturnType<Composition['registries']['models']['create']>>;

/** A network that takes the images, and what it costs. */
export interface Candidate {
  readonly model: Named;
  readonly network: Network;
  readonly parameters: number;
  readonly flops: number;
  /** Parameters and running averages as float32; made when it is called, because the network is initialized for it. */
  bytes(): number;
}

/** Networks of a list that are registered, and take images of this size and as many classes; two of the same size are one. */
export async function candidatesOf(
  models: readonly Named[],
  environment: ModelEnvironment,
  { registries }: Pick<Composition, 'registries'>,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const seen = new Set<string>();
  for (const model of models) {
    const candidate = await candidateOf(model, environment, registries);
    if (candidate === null) continue;
    const size = [model.name, candidate.parameters, candidate.flops].join();
    if (seen.has(size)) continue;
    seen.add(size);
    found.push(candidate);
  }
  return found;
}

async function candidateOf(
  model: Named,
  environment: ModelEnvironment,
  registries: Composition['registries'],
): Promise<Candidate | null> {
  if (!registries.models.has(model.name)) return null;
  try {
    const network = await registries.models.create(model, environment);
    const size = parametersAndFlops(network, environment.input);
    let bytes: number | null = null;
    return { model, network, ...size, bytes: () => (bytes ??= bytesOf(network, environment.input)) };
  } catch (error) {
    if (isAncError(error)) return null; // it does not take such images, or such a width
    throw error;
  }
}

function bytesOf(network: Network, input: readonly number[]): number {
  const { params, stats } = network.init(Rng.still(), input);
  const sizes = [params, stats].flatMap((tree) => Object.values(mapTree(tree, ({ shape }) => sizeOf(shape))));
  return 4 * sizes.reduce((sum, size) => sum + size, 0);
}
