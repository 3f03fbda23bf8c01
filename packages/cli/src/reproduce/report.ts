import { renderSheet } from '@anc/runtime';
import { formatInterval } from '../compare/summarize.js';
import { formatShare } from '../terminal/table.js';
import type { ReproducedRow, ReproduceResult } from './documents.js';

const HEAD = ['data set', 'student', 'row', 'paper', 'measured', 'difference'];

/** Paper beside measured as rows of text. */
export function reproducedRows({ rows }: ReproduceResult): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  return {
    head: HEAD,
    rows: rows.map((row) => [
      row.dataset,
      row.student,
      row.note === undefined ? row.label : `${row.label} *`,
      formatShare(row.paper) + (row.paperTop5 === undefined ? '' : ` (top-5 ${formatShare(row.paperTop5)})`),
      formatInterval(row.measured),
      differenceOf(row),
    ]),
  };
}

/** What the asterisks say, once each. */
export const footnotes = ({ rows }: ReproduceResult): string[] => [
  ...new Set(rows.flatMap(({ note }) => (note === undefined ? [] : [`* ${note}.`]))),
];

/** Measured minus paper in percentage points, and whether the paper's figure lies in the interval. */
function differenceOf({ paper, measured }: ReproducedRow): string {
  if (measured === null) return '';
  const points = 100 * (measured.mean - paper);
  const signed = `${points >= 0 ? '+' : ''}${points.toFixed(2)}`;
  if (measured.margin === null) return signed;
  return `${signed}${Math.abs(measured.mean - paper) <= measured.margin ? ', within the interval' : ''}`;
}

/** `report.html` of a table. */
export function reproductionReport(result: ReproduceResult): string {
  const { table, title, scale, seeds, comparisons, reading } = result;
  return renderSheet({
    title: `${table}: ${title}`,
    lead: `scale ${scale} of the paper's epochs · seeds ${seeds.join(', ')}`,
    sections: [
      { title: 'Paper and measured, test error', table: reproducedRows(result), lines: footnotes(result) },
      { title: 'What it says', lines: reading },
      { title: 'Comparisons', lines: comparisons.map((path) => `${path}: report.html`) },
    ],
  });
}
