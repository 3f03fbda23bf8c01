import { AncError } from '@anc/core/worker';
import type { HostArray } from '../build/storage.js';
import type { Heap } from '../memory/heap.js';
import type { SentTensors } from './protocol.js';

interface Entry {
  readonly place: number;
  readonly shape: readonly number[];
  /** The entry in the heap. */
  readonly view: Float32Array | Int32Array | Uint8Array;
}

/** States in the heap, where steps replace their entries. Elements lie in the order of the axes. */
export class States {
  readonly #states = new Map<number, Map<string, Entry>>();
  /** States that a step began to advance and did not finish. */
  readonly #spoiled = new Set<number>();

  constructor(readonly heap: Heap) {}

  create(state: number, entries: SentTensors): void {
    const made = new Map<string, Entry>();
    for (const [name, { shape, data }] of Object.entries(entries)) {
      const place = this.heap.allocate(data.byteLength);
      const View = data.constructor as new (
        buffer: ArrayBufferLike,
        place: number,
        length: number,
      ) => Entry['view'];
      const view = new View(this.heap.buffer, place, data.length);
      view.set(data);
      made.set(name, { place, shape, view });
    }
    this.#states.set(state, made);
  }

  read(state: number, names: readonly string[] | null): SentTensors {
    const entries = this.#entries(state);
    return Object.fromEntries(
      (names ?? [...entries.keys()]).map((name) => {
        const { shape, view } = entries.get(name)!;
        return [name, { shape, data: view.slice() }] as const;
      }),
    );
  }

  write(state: number, written: SentTensors): void {
    const entries = this.#entries(state);
    for (const [name, { data }] of Object.entries(written)) entries.get(name)!.view.set(data);
  }

  /** Writes outputs of a step, `next/` before the names of their entries, over these. */
  replace(state: number, outputs: ReadonlyMap<string, HostArray['data']>): void {
    const entries = this.#entries(state);
    for (const [name, data] of outputs) {
      if (name.startsWith('next/')) entries.get(name.slice('next/'.length))!.view.set(data);
    }
  }

  /** Where the entries are in the heap. */
  places(state: number): ReadonlyMap<string, number> {
    return new Map([...this.#entries(state)].map(([name, { place }]) => [name, place]));
  }

  /** Marks a state whose entries are of two steps: it can only be released. */
  spoil(state: number): void {
    this.#spoiled.add(state);
  }

  release(state: number): void {
    for (const { place } of this.#states.get(state)?.values() ?? []) this.heap.free(place);
    this.#states.delete(state);
    this.#spoiled.delete(state);
  }

  #entries(state: number): Map<string, Entry> {
    const entries = this.#states.get(state);
    if (entries === undefined) throw new Error('this state was disposed');
    if (this.#spoiled.has(state)) {
      throw new AncError(
        'ANC_ENGINE',
        'backend "onednn": a step failed in the middle of advancing this state.',
        {
          hint: 'continue a run from its last checkpoint (--resume); in the library, upload the state that was read last.',
        },
      );
    }
    return entries;
  }
}
