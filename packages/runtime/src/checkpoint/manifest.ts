import {
  AncError,
  mapTree,
  namesOf,
  specOf,
  type HostTensor,
  type Json,
  type LeafSpec,
  type Tree,
} from '@anc/core';

/** Where in training a checkpoint stands. */
export interface CheckpointPosition {
  readonly stage: string;
  /** Steps done over the whole stage. */
  readonly step: number;
  readonly epoch: number;
}

/** What stands beside a checkpoint's tensors: enough to know that they are whole and whose they are. */
export interface CheckpointManifest extends CheckpointPosition {
  readonly format: 1;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly tensors: Tree<LeafSpec>;
  /** What the one who wrote it needs to go on. */
  readonly memory: Json;
}

export const specsOf = (tensors: Tree<HostTensor>): Record<string, LeafSpec> =>
  mapTree(tensors, (host) => ({ ...specOf(host), shape: [...host.shape] }));

/** Throws `ANC_CHECKPOINT` with the first name or shape in which two states differ. */
export function assertSameSpecs(expected: Tree<LeafSpec>, received: Tree<LeafSpec>): void {
  const names = [...new Set([...namesOf(expected), ...namesOf(received)])].sort();
  for (const name of names) {
    const [one, other] = [describe(expected[name]), describe(received[name])];
    if (one === other) continue;
    throw new AncError(
      'ANC_CHECKPOINT',
      `the checkpoint is of another network or method: "${name}" differs.`,
      {
        expected: one,
        received: other,
      },
    );
  }
}

const describe = (spec: LeafSpec | undefined): string =>
  spec === undefined ? 'no such tensor' : `${spec.dtype} [${spec.shape.join(', ')}]`;

/** Reads a manifest's JSON; null where it is not one. */
export function parseManifest(text: string): CheckpointManifest | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const manifest = value as { readonly [K in keyof CheckpointManifest]?: unknown };
  const whole =
    manifest.format === 1 &&
    [manifest.stage, manifest.file, manifest.sha256].every((field) => typeof field === 'string') &&
    [manifest.step, manifest.epoch, manifest.bytes].every((field) => Number.isSafeInteger(field)) &&
    typeof manifest.tensors === 'object' &&
    manifest.tensors !== null &&
    manifest.memory !== undefined;
  return whole ? (value as CheckpointManifest) : null;
}
