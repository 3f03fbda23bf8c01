import { renderSimpleReport } from '@anc/runtime';
import type { CompareResult } from './documents.js';
import { rowsOf } from './table.js';

/** `report.html` of a comparison: one file, no scripts, nothing to load. */
export function reportOf(result: CompareResult): string {
  const { head, rows } = rowsOf(result);
  const { dataset, backend, seeds, runs, interpretation, testImages } = result;
  return renderSimpleReport({
    title: result.compare,
    lead: `dataset ${dataset} · backend ${backend} · seeds ${seeds.join(', ')} · ${testImages} test images`,
    sections: [
      { title: 'Result', table: { head, rows }, lines: [] },
      { title: 'Interpretation', lines: interpretation },
      { title: 'Runs', lines: runs.map((run) => `${run}: report.html beside its result.json`) },
    ],
  });
}
