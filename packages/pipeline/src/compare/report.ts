import { basename } from 'node:path';
import { renderSimpleReport, type ReportLink } from '@anc/runtime';
import type { CompareResult } from './documents.js';
import { rowsOf } from './table.js';

/** `report.html` of a comparison: one file, no scripts, nothing to load, but of a server's page its script. */
export function reportOf(result: CompareResult, script?: string): string {
  const { head, rows } = rowsOf(result);
  const { dataset, backend, seeds, runs, interpretation, testImages, teacher, methods } = result;
  return renderSimpleReport(
    {
      title: result.compare,
      lead: `dataset ${dataset} · backend ${backend} · seeds ${seeds.join(', ')} · ${testImages} test images`,
      sections: [
        { title: 'Result', table: { head, rows }, lines: [] },
        { title: 'Interpretation', lines: interpretation },
        { title: 'Runs', lines: runs.map((run, i) => linkTo(run, `seed ${seeds[i]!}`)) },
      ],
      plot: [
        { name: 'teacher', agreement: 1, flops: teacher.flops, bytes: teacher.bytes, latency: null },
        ...methods.map(({ name, agreement, flops, bytes }) => ({
          name,
          agreement: agreement.mean,
          flops,
          bytes,
          latency: null,
        })),
      ],
    },
    script,
  );
}

/** The report of a run in a folder of the same page. */
const linkTo = (run: string, text: string): ReportLink => ({
  text,
  href: `${basename(run)}/report.html`,
});
