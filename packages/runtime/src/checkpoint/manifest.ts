import { createHash } from 'node:crypto';
import { AncError, mapTree, namesOf, specOf, type HostTensor, type LeafSpec, type Tree } from '@anc/core';
import type { Json } from '@anc/core/internal';

/** Number of the format that this version writes, and the only one that it reads. */
const FORMAT = 1;

/** Where in training a checkpoint stands. */
export interface CheckpointPosition {
  /** Name of the stage. */
  readonly stage: string;
  /** Steps done over the whole stage. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
}

/** The training that a checkpoint is of: another one of the same network has tensors of the same names and shapes. */
export interface CheckpointOwner {
  /** Name of the model. */
  readonly model: string;
  /** Its random seed. */
  readonly seed: number;
}

/** The JSON beside a checkpoint's tensors: enough to tell whether they are complete and which network they are of. */
export interface CheckpointManifest extends CheckpointPosition {
  readonly format: typeof FORMAT;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly tensors: Tree<LeafSpec>;
  /** What the training loop needs to continue, besides the tensors. */
  readonly memory: Json;
  /** Which training it is of; left out by earlier versions. */
  readonly owner?: CheckpointOwner;
  /** Plugins that had a share in it; left out without any. */
  readonly plugins?: Json;
}

/** Shape and element type of each tensor, by name. */
export const specsOf = (tensors: Tree<HostTensor>): Record<string, LeafSpec> =>
  mapTree(tensors, (tensor) => ({ ...specOf(tensor), shape: [...tensor.shape] }));

/** @throws `ANC_CHECKPOINT` with the first name or shape in which two states differ. */
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

/** @throws `ANC_CHECKPOINT` where a checkpoint is of another training. Those of earlier versions do not say. */
export function assertOwner(expected: CheckpointOwner, received: CheckpointOwner | undefined): void {
  const [one, other] = [expected, received ?? expected].map(
    ({ model, seed }) => `"${model}" with seed ${seed}`,
  );
  if (one === other) return;
  throw new AncError('ANC_CHECKPOINT', `the checkpoint is of ${other}, not of ${one}.`);
}

const describe = (spec: LeafSpec | undefined): string =>
  spec === undefined ? 'no such tensor' : `${spec.dtype} [${spec.shape.join(', ')}]`;

export function encodeManifest(manifest: Omit<CheckpointManifest, 'format'>): string {
  const content = { format: FORMAT, ...manifest };
  return `${JSON.stringify({ ...content, checksum: checksumOf(content) }, null, 2)}\n`;
}

/** SHA-256 of a manifest's JSON without its checksum, in the order of its fields and without spaces. */
const checksumOf = (content: object): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex');

/**
 * Reads a manifest's JSON; null if it is damaged: incomplete, or not what its own checksum is of. Those of earlier versions
 * have no checksum.
 *
 * @throws `ANC_CHECKPOINT_VERSION` if its format has another number.
 */
export function parseManifest(text: string, path: string): CheckpointManifest | null {
  const object = objectIn(text);
  if (object === null) return null;
  if (isOtherFormat(object.format)) throw newerVersion(path, object.format);
  const { checksum, ...manifest } = object;
  if (checksum !== undefined && checksum !== checksumOf(manifest)) return null;
  const complete =
    manifest.format === FORMAT &&
    [manifest.stage, manifest.file, manifest.sha256].every((field) => typeof field === 'string') &&
    [manifest.step, manifest.epoch, manifest.bytes].every((field) => Number.isSafeInteger(field)) &&
    typeof manifest.tensors === 'object' &&
    manifest.tensors !== null &&
    manifest.memory !== undefined;
  return complete ? (manifest as unknown as CheckpointManifest) : null;
}

/** Whether a manifest was written in a format that this version does not know. False if it is damaged. */
export const hasOtherFormat = (text: string): boolean => isOtherFormat(objectIn(text)?.format);

const isOtherFormat = (format: unknown): format is number => typeof format === 'number' && format !== FORMAT;

function objectIn(
  text: string,
): Readonly<Partial<Record<keyof CheckpointManifest | 'checksum', unknown>>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

const newerVersion = (path: string, format: number): AncError =>
  new AncError('ANC_CHECKPOINT_VERSION', `the checkpoint ${path} was written by a newer version.`, {
    expected: `format ${FORMAT}`,
    received: `format ${format}`,
    hint: "resume with the version that the run's environment.json names, or start a new run.",
  });
