import { createHash } from 'node:crypto';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isAncError, type HostTensor, type Tree } from '@anc/core';
import { makeFolder } from '@anc/core/internal';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import type { Json } from '@anc/core/internal';
import { writeFileAtomically } from '../run-folder/atomic-write.js';
import { onDisk } from '../run-folder/disk-error.js';
import { readRegular } from '../run-folder/regular-entries.js';
import { TEMPORARY } from '../run-folder/temporary-name.js';
import {
  assertOwner,
  assertSameSpecs,
  encodeManifest,
  hasOtherFormat,
  parseManifest,
  specsOf,
  type CheckpointOwner,
  type CheckpointPosition,
} from './manifest.js';

/** A checkpoint that was read. */
export interface Checkpoint extends CheckpointPosition {
  /** The training state. */
  readonly state: Tree<HostTensor>;
  /** What the training loop needs to continue, besides the tensors. */
  readonly memory: Json;
}

/** Options of `CheckpointStore`. */
export interface CheckpointStoreOptions {
  /** How many of the newest to keep; at least 2, so that there is one to go back to if the newest is damaged. */
  readonly keep?: number;
  /** Called with a sentence about each damaged checkpoint that was skipped. */
  readonly notice?: (message: string) => void;
  /** The training that the checkpoints are of: recorded in each, and those of another one are skipped. */
  readonly owner?: CheckpointOwner;
  /** Throws where a checkpoint that is whole cannot be continued from: it is skipped like a damaged one. */
  readonly check?: (checkpoint: Checkpoint) => void;
  /** Recorded beside every checkpoint: plugins that had a share in it. */
  readonly plugins?: Json;
}

/** Names of the files that this version writes: `<serial>.json`, `<serial>.safetensors`. */
const OWN_FILE = /^(\d{8})\.(?:json|safetensors)$/;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const serialName = (serial: number): string => String(serial).padStart(8, '0');

/**
 * One model's checkpoints in a folder: `<serial>.safetensors` and `<serial>.json` each.
 *
 * The manifest is written last and names the tensors' length and hash: a checkpoint counts only if both files agree,
 * so a crash at any moment leaves the previous one in force. A checkpoint in a format of another number is neither
 * read nor deleted.
 */
export class CheckpointStore {
  readonly #folder: string;
  readonly #keep: number;
  readonly #notice: (message: string) => void;
  readonly #owner: CheckpointOwner | undefined;
  readonly #check: (checkpoint: Checkpoint) => void;
  readonly #plugins: Json | undefined;

  constructor(folder: string, options: CheckpointStoreOptions = {}) {
    this.#folder = folder;
    this.#keep = Math.max(2, options.keep ?? 2);
    this.#notice = options.notice ?? (() => undefined);
    this.#owner = options.owner;
    this.#check = options.check ?? (() => undefined);
    this.#plugins = options.plugins;
  }

  /**
   * Writes a checkpoint and removes those beyond the number to keep. A crash at any moment leaves the earlier ones
   * complete.
   */
  async save(state: Tree<HostTensor>, position: CheckpointPosition, memory: Json = null): Promise<void> {
    await onDisk(this.#folder, null, () => makeFolder(this.#folder));
    const serials = await this.#serials();
    const serial = serialName((serials.at(-1) ?? 0) + 1);
    const bytes = encodeSafetensors(state, { stage: position.stage, step: String(position.step) });
    const { stage, step, epoch } = position;
    const file = `${serial}.safetensors`;
    const manifest = encodeManifest({
      stage,
      step,
      epoch,
      file,
      bytes: bytes.length,
      sha256: sha256(bytes),
      tensors: specsOf(state),
      memory,
      ...(this.#owner === undefined ? {} : { owner: this.#owner }),
      ...(this.#plugins === undefined ? {} : { plugins: this.#plugins }),
    });
    await writeFileAtomically(join(this.#folder, file), bytes);
    await writeFileAtomically(join(this.#folder, `${serial}.json`), manifest);
    await onDisk(this.#folder, null, () => this.#prune(this.#keep));
  }

  /**
   * The newest complete checkpoint, or null if there is none.
   *
   * @throws `ANC_CHECKPOINT_VERSION` at one that a newer version wrote: resuming from an older one would discard
   *   training.
   */
  async latest(): Promise<Checkpoint | null> {
    for (const serial of (await this.#serials()).reverse()) {
      const name = `${serialName(serial)}.json`;
      try {
        return await this.#read(name);
      } catch (error) {
        if (isAncError(error) && error.code === 'ANC_CHECKPOINT_VERSION') throw error;
        const why = error instanceof Error ? error.message : String(error);
        this.#notice(
          `checkpoint ${join(this.#folder, name)} cannot be used (${why}); going back to the one before.`,
        );
      }
    }
    return null;
  }

  /** Removes the newest one: training is to continue from the one before, or from the start. */
  async dropNewest(): Promise<void> {
    const serial = (await this.#serials()).at(-1);
    if (serial === undefined) return;
    for (const ending of ['json', 'safetensors']) {
      await rm(join(this.#folder, `${serialName(serial)}.${ending}`), { force: true });
    }
  }

  /** Removes all of them, when their model has finished. */
  async clear(): Promise<void> {
    await this.#prune(0);
    await rmdir(this.#folder).catch(() => undefined); // not there, or still holding files of another version
  }

  async #read(name: string): Promise<Checkpoint> {
    const path = join(this.#folder, name);
    const manifest = parseManifest((await readRegular(path)).toString('utf8'), path);
    if (manifest === null) throw new Error('its manifest is incomplete or not what it was');
    if (this.#owner !== undefined) assertOwner(this.#owner, manifest.owner);
    const bytes = await readRegular(join(this.#folder, basename(manifest.file)));
    if (bytes.length !== manifest.bytes) {
      throw new Error(`${manifest.file} has ${bytes.length} bytes, not ${manifest.bytes}`);
    }
    if (sha256(bytes) !== manifest.sha256) throw new Error(`the hash of ${manifest.file} is another`);
    const { tensors } = decodeSafetensors(bytes);
    assertSameSpecs(manifest.tensors, specsOf(tensors));
    const { stage, step, epoch, memory } = manifest;
    const checkpoint = { stage, step, epoch, memory, state: tensors };
    this.#check(checkpoint);
    return checkpoint;
  }

  /** Numbers of the checkpoints that have a manifest, oldest first. */
  async #serials(): Promise<number[]> {
    return (await this.#files())
      .flatMap((file) => /^(\d{8})\.json$/.exec(file)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async #files(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /**
   * Removes all but the newest `keep`, manifests first, and what a crash left half written. Only files that this
   * version writes, and none with the serial of a checkpoint in another format.
   */
  async #prune(keep: number): Promise<void> {
    const [own, foreign] = [[] as string[], new Set<string>()];
    for (const serial of (await this.#serials()).map(serialName)) {
      // What cannot be read as a manifest is a damaged one of this version.
      const manifest = await readRegular(join(this.#folder, `${serial}.json`)).catch(() => Buffer.of());
      if (hasOtherFormat(manifest.toString('utf8'))) foreign.add(serial);
      else own.push(serial);
    }
    const kept = new Set(own.slice(Math.max(0, own.length - keep)));
    const stale = (await this.#files()).filter((file) => {
      if (file.endsWith(TEMPORARY)) return true;
      const serial = OWN_FILE.exec(file)?.[1];
      return serial !== undefined && !kept.has(serial) && !foreign.has(serial);
    });
    const isManifest = (file: string): boolean => file.endsWith('.json');
    const rest = stale.filter((file) => !isManifest(file));
    for (const file of [...stale.filter(isManifest), ...rest])
      await rm(join(this.#folder, file), { force: true, recursive: true });
  }
}
