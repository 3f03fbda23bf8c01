import { basename } from 'node:path';
import { z } from 'zod';
import { corrupt } from '../files/data-error.js';
import type { Pictures } from '../image-folder/encoded-images.js';
import { fileState } from '../files/verification-log.js';
import { ParquetFile } from './parquet-file.js';

/** Bytes of row groups that are kept for the next reads. */
const KEPT = 256 << 20;

/** What the library writes beside the columns. */
const hubSchema = z.object({
  info: z.object({ features: z.record(z.string(), z.object({ names: z.array(z.string()).optional() })) }),
});

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null') as unknown;
  } catch {
    return null;
  }
}

interface Group {
  readonly bytes: number;
  readonly pictures: readonly Uint8Array[];
}

/**
 * Pictures of parquet shards as public hubs hold them: a column of `{ bytes, path }`, or of bytes, and one of
 * class numbers. A row group is read as a whole; the last ones used are kept, up to 256 MiB, so that reading in
 * order reads each once. Reading in shuffled order reads a group for nearly every picture: unpack such shards into
 * class folders for training of many epochs.
 */
export class ParquetPictures implements Pictures {
  readonly count: number;
  readonly #kept = new Map<string, Promise<Group>>();
  #bytes = 0;

  private constructor(
    readonly shards: readonly ParquetFile[],
    /** First picture of each shard, and the end. */
    readonly starts: readonly number[],
    readonly image: string,
    readonly label: string | null,
    readonly version: string,
  ) {
    this.count = starts.at(-1)!;
  }

  /** Opens shards in the order given. Throws `ANC_DATA_*`. */
  static async open(paths: readonly string[]): Promise<ParquetPictures> {
    const shards: ParquetFile[] = [];
    const versions: string[] = [];
    const starts = [0];
    for (const path of paths) {
      const shard = await ParquetFile.open(path);
      const { size, modified } = await fileState(path);
      shards.push(shard);
      versions.push(`${size}:${modified}`);
      starts.push(starts.at(-1)! + shard.rows);
    }
    const names = (shards[0]?.metadata.schema ?? []).map(({ name }) => name);
    const image = ['image', 'img', 'bytes'].find((name) => names.includes(name));
    if (image === undefined) {
      throw corrupt(
        paths[0] ?? '',
        'no column of pictures',
        'one named image, img or bytes',
        names.slice(1).join(', '),
      );
    }
    const label = ['label', 'labels', 'fine_label'].find((name) => names.includes(name)) ?? null;
    return new ParquetPictures(shards, starts, image, label, versions.join());
  }

  /** The class numbers of all pictures, or null where there is no such column. */
  async labels(): Promise<Int32Array | null> {
    if (this.label === null) return null;
    const labels = new Int32Array(this.count);
    let at = 0;
    for (const shard of this.shards) {
      for (let group = 0; group + 1 < shard.starts.length; group++) {
        for (const row of await shard.readGroup(group, [this.label])) labels[at++] = Number(row[this.label]);
      }
    }
    return labels;
  }

  /** The names of the classes, where the shards carry them as the datasets library writes them. */
  get classNames(): readonly string[] | null {
    const { metadata } = this.shards[0]!;
    const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
    const features = hubSchema.safeParse(jsonOf(text)).data?.info.features ?? {};
    return features[this.label ?? '']?.names ?? null;
  }

  name(index: number): string {
    const shard = this.#shardOf(index);
    return `${basename(this.shards[shard]!.path)}#${index - this.starts[shard]!}`;
  }

  /** Not known before it is read: shards are told apart by their own sizes. */
  size(): number {
    return 0;
  }

  place(index: number): string {
    const shard = this.#shardOf(index);
    return `${this.shards[shard]!.path}: row ${index - this.starts[shard]!}`;
  }

  async read(index: number): Promise<Uint8Array> {
    const s = this.#shardOf(index);
    const shard = this.shards[s]!;
    const row = index - this.starts[s]!;
    const group = shard.groupOf(row);
    const { pictures } = await this.#group(s, group);
    return pictures[row - shard.starts[group]!]!;
  }

  #shardOf(index: number): number {
    return this.starts.findIndex((start, i) => index >= start && index < (this.starts[i + 1] ?? Infinity));
  }

  #group(s: number, group: number): Promise<Group> {
    const key = `${s}:${group}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key); // to the end: used last
      this.#kept.set(key, kept);
      return kept;
    }
    const read = this.#readGroup(this.shards[s]!, group);
    this.#kept.set(key, read);
    read.then(
      ({ bytes }) => this.#forget((this.#bytes += bytes)),
      () => this.#kept.delete(key),
    );
    return read;
  }

  /** Lets go of what was used longest ago, but never of the newest. */
  #forget(bytes: number): void {
    let over = bytes - KEPT;
    for (const [key, group] of this.#kept) {
      if (over <= 0 || this.#kept.size === 1) return;
      this.#kept.delete(key);
      over = 0; // one out for one in: groups are of a size
      void group.then((gone) => (this.#bytes -= gone.bytes));
    }
  }

  async #readGroup(shard: ParquetFile, group: number): Promise<Group> {
    const rows = await shard.readGroup(group, [this.image]);
    const pictures = rows.map((row, i) => {
      const cell = row[this.image];
      const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | null)?.bytes;
      if (bytes instanceof Uint8Array) return bytes;
      throw corrupt(shard.path, `row ${shard.starts[group]! + i} holds no picture`, 'bytes', typeof cell);
    });
    return { bytes: pictures.reduce((sum, { length }) => sum + length, 0), pictures };
  }
}
