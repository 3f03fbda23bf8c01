import type { Alarm, Diagnostics } from '@anc/core';
import { alarmsFor, generatorAlarms } from '@anc/core/internal';
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

function epochOf({ stage, metrics, diagnostics = null }: MetricsRecord): Epoch {
  return {
    stage,
    values: { ...metrics, ...(diagnostics && valuesOf(diagnostics)) },
    alarms: [...(diagnostics === null ? [] : alarmsFor(diagnostics)), ...generatorAlarms(metrics ?? {})],
  };
}

/** Diagnostics under the names of the metrics that they come from; the ratio comes from two. */
const valuesOf = (diagnostics: Diagnostics): Record<string, number> => ({
  'discriminator/auc': diagnostics.auc,
  'discriminator/teacher': diagnostics.teacherScore,
  'discriminator/student': diagnostics.studentScore,
  'gradient/cosine': diagnostics.gradientCosine,
  gradientRatio: diagnostics.gradientRatio,
});

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
