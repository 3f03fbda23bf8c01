import {
  alarmsFor,
  currentDiagnostics,
  currentMetrics,
  decodeNumbers,
  type Alarm,
  type RecordedDiagnostics,
  type Tree,
} from '@anc/core';
import type { MetricsRecord } from '../run-folder/metrics-log.js';

/** One model's epochs, through all its stages. */
export interface History {
  readonly model: string;
  readonly epochs: readonly Epoch[];
}

export interface Epoch {
  readonly stage: string;
  /** Metrics and diagnostics by name; NaN or infinite where training diverged. */
  readonly values: Readonly<Record<string, number>>;
  readonly alarms: readonly Alarm[];
}

/** An alarm and the epochs that raised it, counted from 1. */
export interface RaisedAlarm {
  /** As the last of these epochs raised it. */
  readonly alarm: Alarm;
  readonly epochs: readonly number[];
}

/** The epochs of every model in metrics.jsonl, in the order of the models' first records. */
export function historiesOf(records: readonly MetricsRecord[]): History[] {
  const models = new Map<string, Epoch[]>();
  for (const record of records) {
    if (record.event !== 'epoch') continue;
    const epochs = models.get(record.model) ?? [];
    models.set(record.model, epochs);
    epochs.push(epochOf(record));
  }
  return [...models].map(([model, epochs]) => ({ model, epochs }));
}

/** An epoch that this or an earlier version recorded, under the current names. */
function epochOf({ stage, metrics, diagnostics }: MetricsRecord): Epoch {
  const found =
    diagnostics === undefined || diagnostics === null
      ? null
      : currentDiagnostics(decodeNumbers<RecordedDiagnostics>(diagnostics));
  const values: Record<string, number> = {
    ...currentMetrics(decodeNumbers<Tree<number>>(metrics ?? {})),
    ...(found && {
      'discriminator/auc': found.auc,
      'discriminator/teacher': found.teacherScore,
      'discriminator/student': found.studentScore,
      gradientRatio: found.gradientRatio,
    }),
  };
  return { stage, values, alarms: found === null ? [] : alarmsFor(found) };
}

export function alarmsIn({ epochs }: History): RaisedAlarm[] {
  const raised = new Map<string, { alarm: Alarm; epochs: number[] }>();
  for (const [i, { alarms }] of epochs.entries()) {
    for (const alarm of alarms) {
      raised.set(alarm.code, { alarm, epochs: [...(raised.get(alarm.code)?.epochs ?? []), i + 1] });
    }
  }
  return [...raised.values()];
}

/** 1–4, 7. */
export function formatEpochs(epochs: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const epoch of epochs) {
    const last = ranges.at(-1);
    if (last?.[1] === epoch - 1) last[1] = epoch;
    else ranges.push([epoch, epoch]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ');
}
