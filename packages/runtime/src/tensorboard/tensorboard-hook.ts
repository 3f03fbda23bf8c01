import type { Diagnostics, HookEpoch, HookRun, RunHook } from '@anc/core';
import { z } from 'zod';
import { RunFolder } from '../run-folder/run-folder.js';
import { ScalarLog } from './scalar-log.js';

export const tensorboardSchema = z.strictObject({
  write: z.boolean().default(true).describe('false: no event files'),
});

/** Writes the numbers of metrics.jsonl for TensorBoard, into the run folder, when their checkpoint is on disk. */
export class TensorboardHook implements RunHook {
  readonly name = 'tensorboard';
  readonly onError = 'end';
  #log: ScalarLog | null = null;

  constructor(readonly options: z.infer<typeof tensorboardSchema>) {}

  async onRunStart({ folder }: HookRun): Promise<void> {
    if (this.options.write) this.#log = new ScalarLog(await RunFolder.open(folder));
  }

  async onEpochSaved({ model, stage, progress, metrics, diagnostics }: HookEpoch): Promise<void> {
    await this.#log?.append({
      model: model.name,
      stage: stage.name,
      event: 'epoch',
      epoch: progress.epoch,
      step: progress.step,
      metrics,
      diagnostics: diagnostics as unknown as Diagnostics | null,
    });
  }
}
