import { basename } from 'node:path';
import { renderSimpleReport, type ReportLink } from '@anc/runtime';
import type { Interval } from '../compare/interval.js';
import { formatInterval } from '../compare/summarize.js';
import { formatShare } from '../text/format.js';
import type { ReproducedRow, ReproduceResult } from './documents.js';

const HEAD = ['dataset', 'student', 'row', 'paper', 'measured', 'difference'];
const TOP5 = ['paper, top-5', 'measured, top-5', 'difference, top-5'];

/** Paper beside measured as rows of text. */
export function reproducedRows({ rows }: ReproduceResult): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const wide = rows.some(({ paperTop5 }) => paperTop5 !== undefined);
  return {
    head: wide ? [...HEAD, ...TOP5] : HEAD,
    rows: rows.map((row) => [
      row.dataset,
      row.student,
      row.note === undefined ? row.label : `${row.label} *`,
      formatShare(row.paper),
      formatInterval(row.measured),
      differenceOf(row.paper, row.measured),
      ...(wide ? top5Cells(row) : []),
    ]),
  };
}

function top5Cells({ paperTop5, measuredTop5 = null }: ReproducedRow): string[] {
  if (paperTop5 === undefined) return ['', '', ''];
  return [formatShare(paperTop5), formatInterval(measuredTop5), differenceOf(paperTop5, measuredTop5)];
}

/** What the asterisks say, once each. */
export const footnotes = ({ rows }: ReproduceResult): string[] => [
  ...new Set(rows.flatMap(({ note }) => (note === undefined ? [] : [`* ${note}.`]))),
];

/** Measured minus paper in percentage points, and whether the paper's figure lies in the interval. */
function differenceOf(paper: number, measured: Interval | null): string {
  if (measured === null) return '';
  const points = 100 * (measured.mean - paper);
  const signed = `${points >= 0 ? '+' : ''}${points.toFixed(2)}`;
  if (measured.margin === null) return signed;
  return `${signed}${Math.abs(measured.mean - paper) <= measured.margin ? ', within the interval' : ''}`;
}

/** `report.html` of a table. */
export function reproductionReport(result: ReproduceResult, script?: string): string {
  const { table, title, scale, seeds, comparisons, interpretation } = result;
  return renderSimpleReport(
    {
      title: `${table}: ${title}`,
      lead: `scale ${scale} of the paper's epochs · seeds ${seeds.join(', ')}`,
      sections: [
        { title: 'Paper and measured, test error', table: reproducedRows(result), lines: footnotes(result) },
        { title: 'Interpretation', lines: interpretation },
        { title: 'Comparisons', lines: comparisons.map(linkTo) },
      ],
    },
    script,
  );
}

/** The report of a comparison, in a folder beside the page. */
const linkTo = (path: string): ReportLink => ({
  text: basename(path),
  href: `${basename(path)}/report.html`,
});
