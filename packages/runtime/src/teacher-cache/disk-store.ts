import { join } from 'node:path';
import { DiskTable } from './disk-table.js';

/** Options of a teacher cache on disk. */
export interface DiskCacheOptions {
  /** Folder for the outputs of this run and of later ones; each key has a subfolder. */
  readonly folder: string;
  /** Largest size of one key's outputs on disk, in MB (2^20 bytes); nothing is added beyond it. Default: no limit. */
  readonly limitMb?: number;
  /** Called once, with a sentence, when outputs can no longer be written. */
  readonly notice?: (message: string) => void;
}

/** The tables of one key, opened at first use. If the disk fails, the store stops writing and the run continues. */
export class DiskStore {
  readonly #tables = new Map<string, Promise<DiskTable>>();
  readonly #open: DiskTable[] = [];
  #writes = true;

  /** @param folder the key's subfolder. */
  constructor(
    readonly folder: string,
    readonly width: 2 | 4,
    readonly options: DiskCacheOptions,
  ) {}

  table(name: string, size: number): Promise<DiskTable> {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = DiskTable.open(join(this.folder, folderName(name)), size, this.width);
    this.#tables.set(name, table);
    return table.then((opened) => (this.#open.push(opened), opened));
  }

  get bytes(): number {
    return this.#open.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async add(table: DiskTable, slot: number, values: Float32Array): Promise<void> {
    const { limitMb = Infinity } = this.options;
    if (!this.#writes || this.bytes >= limitMb * 2 ** 20) return;
    await this.#guarded(() => table.add(slot, values));
  }

  /** Writes the rows added so far. */
  async flush(): Promise<void> {
    if (!this.#writes) return;
    for (const table of this.#open) await this.#guarded(() => table.flush());
  }

  /** Finds what other processes have written meanwhile. */
  async refresh(): Promise<void> {
    for (const table of this.#open) await table.refresh();
  }

  async close(): Promise<void> {
    for (const table of this.#open) await this.#guarded(() => table.close());
    this.#open.length = 0;
    this.#tables.clear();
  }

  async #guarded(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#writes = false;
      const reason = error instanceof Error ? error.message : String(error);
      this.options.notice?.(`teacher outputs are no longer kept in ${this.folder}: ${reason}`);
    }
  }
}

/** An output's name, made fit for a folder name. */
const folderName = (name: string): string => encodeURIComponent(name).replaceAll('.', '%2E');
