import { fork } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '@anc/core/internal';
import type { Named } from '../text/named.js';

/** A model that another process can open. */
export type ApartModel =
  | {
      readonly kind: 'onnx';
      readonly model: Uint8Array;
      readonly batch: number | null;
      readonly least: number;
    }
  | { readonly kind: 'weights'; readonly file: string };

/** What a process of its own opens. */
export interface MemoryRequest {
  readonly backend: Named;
  /** Packages or files that may bring the backend and the network. */
  readonly plugins: readonly string[];
  readonly kind: ApartModel['kind'];
  /** The model's file. */
  readonly file: string;
  readonly shown: string;
  /** [H, W, C]. */
  readonly input: readonly [number, number, number];
  /** What an ONNX model takes at once. */
  readonly batch: number | null;
  readonly least: number;
  /** Sizes of the batches that are predicted. */
  readonly batchSizes: readonly number[];
}

const PATIENCE_SECONDS = 120;
const ATTEMPTS = 3;

/**
 * Bytes by which a process grows, at most, while it opens a model and predicts batches. Null where that cannot be
 * measured: the backend is an object of this process, or it does not end well.
 */
export async function memoryOf(
  {
    apart,
    model,
    input,
  }: {
    readonly apart: ApartModel | null;
    /** Name in messages. */
    readonly model: string;
    readonly input: MemoryRequest['input'];
  },
  opened: Pick<MemoryRequest, 'backend' | 'plugins' | 'batchSizes'>,
  cwd: string,
): Promise<number | null> {
  if (apart === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'anc-memory-'));
  try {
    const file = apart.kind === 'weights' ? apart.file : join(folder, 'model.onnx');
    if (apart.kind === 'onnx') await writeFile(file, apart.model);
    const { batch, least } = apart.kind === 'onnx' ? apart : { batch: null, least: 1 };
    const request = { ...opened, kind: apart.kind, file, shown: model, input, batch, least };
    const { size } = await stat(file);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const bytes = await measuredApart(request, cwd);
      if (bytes === null || bytes >= size) return bytes; // less: memory that loading the program left was used again
    }
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function measuredApart(request: MemoryRequest, cwd: string): Promise<number | null> {
  return new Promise((resolve) => {
    const child = fork(builtFile('memory-process.js', import.meta.url), [], {
      cwd,
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let bytes: number | null = null;
    const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * PATIENCE_SECONDS);
    child.on('message', (message) => (bytes = typeof message === 'number' ? message : null));
    child.on('error', () => {}); // `close` follows, without a number
    child.on('close', () => {
      clearTimeout(timer);
      resolve(bytes);
    });
    child.send(request, () => {}); // where it cannot be sent, the process has ended
  });
}
