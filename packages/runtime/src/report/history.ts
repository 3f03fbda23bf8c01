import { alarmsFor, currentDiagnostics, currentMetrics, type Alarm, type Diagnostics } from '@anc/core';
import { decodeNumber, type MetricsRecord } from '../run-folder/metrics-log.js';

/** One player's epochs, through all its stages. */
export interface History {
  readonly player: string;
  readonly epochs: readonly Epoch[];
}

export interface Epoch {
  readonly stage: string;
  /** Metrics and diagnostics by name; what diverged is NaN or infinite here. */
  readonly values: Readonly<Record<string, number>>;
  readonly alarms: readonly Alarm[];
}

/** An alarm and the epochs that raised it, counted from 1. */
export interface RaisedAlarm {
  /** As the last of them said it. */
  readonly alarm: Alarm;
  readonly epochs: readonly number[];
}

/** What metrics.jsonl tells of every player, in the order of their appearance. */
export function historiesOf(records: readonly MetricsRecord[]): History[] {
  const players = new Map<string, Epoch[]>();
  for (const record of records) {
    if (record.event !== 'epoch') continue;
    const epochs = players.get(record.player) ?? [];
    players.set(record.player, epochs);
    epochs.push(epochOf(record));
  }
  return [...players].map(([player, epochs]) => ({ player, epochs }));
}

function epochOf({ stage, metrics, diagnostics }: MetricsRecord): Epoch {
  const game =
    diagnostics === undefined || diagnostics === null
      ? null
      : currentDiagnostics(decoded(diagnostics) as unknown as Diagnostics);
  const values: Record<string, number> = { ...currentMetrics(decoded(metrics)), ...game };
  // The cosine is among the metrics already, under the name that the step gave it.
  delete values.gradientCosine;
  return { stage, values, alarms: game === null ? [] : alarmsFor(game) };
}

const decoded = (values: unknown): Record<string, number> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, decodeNumber(value)]));

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
