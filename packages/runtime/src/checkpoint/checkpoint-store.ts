import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type HostTensor, type Json, type Tree } from '@anc/core';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import { TEMPORARY, writeFileAtomically } from '../run-folder/atomic-write.js';
import {
  assertSameSpecs,
  parseManifest,
  specsOf,
  type CheckpointManifest,
  type CheckpointPosition,
} from './manifest.js';

export interface Checkpoint extends CheckpointPosition {
  readonly state: Tree<HostTensor>;
  readonly memory: Json;
}

export interface CheckpointStoreOptions {
  /** How many of the newest to keep; at least 2, so that a damaged one has one before it. */
  readonly keep?: number;
  /** Told, in a sentence, of every checkpoint that had to be passed over. */
  readonly notice?: (message: string) => void;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * One player's checkpoints in a folder: `<serial>.safetensors` and `<serial>.json` each.
 *
 * The manifest is written last and names the tensors' length and hash: a checkpoint counts only when both
 * files agree, so a crash at any moment leaves the one before in force.
 */
export class CheckpointStore {
  readonly #folder: string;
  readonly #keep: number;
  readonly #notice: (message: string) => void;

  constructor(folder: string, options: CheckpointStoreOptions = {}) {
    this.#folder = folder;
    this.#keep = Math.max(2, options.keep ?? 2);
    this.#notice = options.notice ?? (() => undefined);
  }

  async save(state: Tree<HostTensor>, position: CheckpointPosition, memory: Json = null): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const serials = await this.#serials();
    const serial = String((serials.at(-1) ?? 0) + 1).padStart(8, '0');
    const bytes = encodeSafetensors(state, { stage: position.stage, step: String(position.step) });
    const manifest: CheckpointManifest = {
      format: 1,
      stage: position.stage,
      step: position.step,
      epoch: position.epoch,
      file: `${serial}.safetensors`,
      bytes: bytes.length,
      sha256: sha256(bytes),
      tensors: specsOf(state),
      memory,
    };
    await writeFileAtomically(join(this.#folder, manifest.file), bytes);
    await writeFileAtomically(join(this.#folder, `${serial}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
    await this.#prune();
  }

  /** The newest checkpoint that is whole, or null where there is none. */
  async latest(): Promise<Checkpoint | null> {
    for (const serial of (await this.#serials()).reverse()) {
      const name = `${String(serial).padStart(8, '0')}.json`;
      try {
        return await this.#read(name);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#notice(
          `checkpoint ${join(this.#folder, name)} is damaged (${why}); going back to the one before.`,
        );
      }
    }
    return null;
  }

  /** Removes all of them: their player has finished. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #read(name: string): Promise<Checkpoint> {
    const manifest = parseManifest(await readFile(join(this.#folder, name), 'utf8'));
    if (manifest === null) throw new Error('its manifest is not whole');
    const bytes = await readFile(join(this.#folder, basename(manifest.file)));
    if (bytes.length !== manifest.bytes) {
      throw new Error(`${manifest.file} has ${bytes.length} bytes, not ${manifest.bytes}`);
    }
    if (sha256(bytes) !== manifest.sha256) throw new Error(`${manifest.file} does not have its hash`);
    const { tensors } = decodeSafetensors(bytes);
    assertSameSpecs(manifest.tensors, specsOf(tensors));
    const { stage, step, epoch, memory } = manifest;
    return { stage, step, epoch, memory, state: tensors };
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

  /** Removes all but the newest, manifests first, and what a crash left half written. */
  async #prune(): Promise<void> {
    const kept = new Set((await this.#serials()).slice(-this.#keep).map((n) => String(n).padStart(8, '0')));
    const stale = (await this.#files()).filter(
      (file) => file.endsWith(TEMPORARY) || !kept.has(file.slice(0, 8)),
    );
    const manifestsFirst = stale.sort((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')));
    for (const file of manifestsFirst) await rm(join(this.#folder, file), { force: true });
  }
}
