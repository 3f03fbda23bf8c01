import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@anc/core';
import { encodeNumbers } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import { findFolders } from './find-folders.js';

/** What happened in the folder of runs since the last look. */
export type FolderEvent =
  | { readonly type: 'runs'; readonly runs: readonly string[] }
  | {
      readonly type: 'epoch';
      readonly run: string;
      readonly model: string;
      /** From 1, in its stage. */
      readonly epoch: number;
      readonly metrics: unknown;
    }
  | { readonly type: 'finished'; readonly run: string };

interface Seen {
  /** Size of metrics.jsonl, and the lines that were seen of it. */
  readonly size: number;
  readonly records: number;
  readonly isFinished: boolean;
}

/** Looks for what is new in a folder of runs: other runs, epochs that ended, results. */
export class FolderWatch {
  #seen: ReadonlyMap<string, Seen> | null = null;

  /** @param root absolute path. */
  constructor(readonly root: string) {}

  /** What is new since the last call; the first one remembers what there is and returns nothing. */
  async look(): Promise<FolderEvent[]> {
    const before = this.#seen;
    const now = new Map<string, Seen>();
    const events: FolderEvent[] = [];
    for (const { id, kind } of (await findFolders(this.root)).folders) {
      const path = join(this.root, id);
      const [size, result] = await Promise.all([
        sizeOf(join(path, 'metrics.jsonl')),
        sizeOf(join(path, kind === 'run' ? 'result.json' : `${kind}.json`)),
      ]);
      const was = before?.get(id) ?? { size: 0, records: 0, isFinished: false };
      const isChanged = kind === 'run' && size > 0 && size !== was.size;
      const records = isChanged ? await recordsOf(path) : [];
      if (before !== null) {
        for (const { model, epoch, event, metrics } of records.slice(was.records)) {
          if (event === 'epoch')
            events.push({
              type: 'epoch',
              run: id,
              model,
              epoch: epoch + 1,
              metrics: encodeNumbers(metrics ?? {}),
            });
        }
        if (result > 0 && !was.isFinished) events.push({ type: 'finished', run: id });
      }
      const count = size === 0 ? 0 : was.records;
      now.set(id, { size, records: isChanged ? records.length : count, isFinished: result > 0 });
    }
    this.#seen = now;
    if (before !== null && [...now.keys()].join('\n') !== [...before.keys()].join('\n'))
      events.unshift({ type: 'runs', runs: [...now.keys()] });
    return events;
  }
}

/** Size of a file; 0 of what is none, a symbolic link too: it may lead out of the folder. */
const sizeOf = async (path: string): Promise<number> => {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true ? found.size : 0;
};

async function recordsOf(
  path: string,
): Promise<readonly { model: string; epoch: number; event: string; metrics?: Tree<number> }[]> {
  try {
    return await (await RunFolder.open(path)).metrics.read();
  } catch {
    return []; // it disappeared, or is being made
  }
}
