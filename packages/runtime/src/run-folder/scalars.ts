import { currentDiagnostics, currentMetrics } from '@anc/core/internal';
import type { MetricsRecord } from './metrics-log.js';

/** The numbers of a record by tag, `<model>/<metric>`, under their current names only. */
export function scalarsOf({ model, metrics, diagnostics }: MetricsRecord): Record<string, number> {
  const tagged = (prefix: string, values: object): [string, number][] =>
    Object.entries(values as Record<string, number>).map(([name, value]) => [prefix + name, value]);
  return Object.fromEntries([
    ...tagged(`${model}/`, currentMetrics(metrics ?? {})),
    ...tagged(`${model}/diagnostics/`, diagnostics ? currentDiagnostics(diagnostics) : {}),
  ]);
}
