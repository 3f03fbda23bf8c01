import { chartOfRuns } from './charts.js';
import { dataTable, type Cell } from './data-table.js';
import { openDrawing } from './draw.js';
import { formatBytes, formatLarge, formatNumber, formatShare } from './format.js';
import { historiesOf } from './history.js';
import { html, Markup } from './markup.js';
import type { ReportedStudent } from './report.js';
import { pageOf } from './shell.js';
import type { MetricsRecord } from '../run-folder/metrics-log.js';

/** A folder on the page of all runs. */
export interface ListedFolder {
  /** Its path below the folder that is shown, with `/`. */
  readonly id: string;
  /** What it is of. */
  readonly kind: 'run' | 'compare' | 'tune' | 'reproduce';
  /** In words: what is trained, or that it is finished. */
  readonly state: string;
}

/** A run whose curves are in the chart. */
export interface ChartedRun {
  /** Its path below the folder that is shown. */
  readonly id: string;
  /** The lines of its metrics.jsonl. */
  readonly records: readonly MetricsRecord[];
  /** Those that are finished. */
  readonly students: readonly ReportedStudent[];
}

/** What the page of all runs shows. */
export interface RunsPage {
  /** Heading of the page. */
  readonly title: string;
  /** All folders, to select from. */
  readonly folders: readonly ListedFolder[];
  /** The selected runs. */
  readonly charted: readonly ChartedRun[];
  /** What is drawn: a metric's name; default: agreement where there is one. */
  readonly metric?: string | undefined;
  /** What of the folder is not listed, as a sentence; absent: nothing. */
  readonly note?: string | undefined;
  /** Path of the page's script on the server. */
  readonly script: string;
}

/** Path of a folder's page on the server. */
export const pathOfReport = (id: string): string =>
  `/runs/${id === '' ? '' : `${id.split('/').map(encodeURIComponent).join('/')}/`}report.html`;

/** All runs of a folder: a list to select from, their curves in one chart, and their students side by side. */
export async function renderRunsPage({
  title,
  folders,
  charted,
  metric,
  note,
  script,
}: RunsPage): Promise<string> {
  const curves = charted.flatMap(({ id, records }) =>
    historiesOf(records).map((history) => ({ ...history, run: id })),
  );
  const names = [
    ...new Set(curves.flatMap(({ epochs }) => epochs.flatMap(({ values }) => Object.keys(values)))),
  ].sort();
  const shown = metric !== undefined && names.includes(metric) ? metric : usual(names);
  const chart = shown === null ? null : chartOfRuns(curves, shown);
  const draw = await openDrawing();
  const selected = new Set(charted.map(({ id }) => id));
  const body = html`<h1>${title}</h1>
    <form action="/" method="get">
      ${folders.length === 0 ? html`<p>There are no runs yet; they appear here.</p>` : folderTable(folders, selected)}
      ${note === undefined ? '' : html`<p class="soft">${note}</p>`}
      <p class="controls">
        <label
          >curves of
          <select name="metric">
            ${names.map((name) => optionOf(name, name === shown))}
          </select></label
        >
        <button>Compare the selected runs</button>
      </p>
    </form>
    ${
      chart === null
        ? ''
        : html`<figure class="single">
            <figcaption>${shown!}</figcaption>
            ${new Markup(draw(chart, 'chart'))}
          </figure>`
    }
    ${comparedTable(charted)}`;
  return pageOf({ title, body, script });
}

function usual(names: readonly string[]): string | null {
  return (
    ['validation/agreement', 'agreement', 'error'].find((name) => names.includes(name)) ?? names[0] ?? null
  );
}

const optionOf = (name: string, isShown: boolean): Markup =>
  html`<option${new Markup(isShown ? ' selected' : '')}>${name}</option>`;

const folderTable = (folders: readonly ListedFolder[], selected: ReadonlySet<string>): Markup =>
  dataTable(
    ['', { text: 'folder', word: true }, { text: 'kind', word: true }, { text: 'state', word: true }],
    folders.map(({ id, kind, state }): Cell[] => [
      { content: kind === 'run' ? checkbox(id, selected.has(id)) : '' },
      { content: html`<a href="${pathOfReport(id)}">${id === '' ? 'this folder' : id}</a>`, word: true },
      { content: kind, word: true },
      { content: state, word: true },
    ]),
  );

const checkbox = (id: string, isChecked: boolean): Markup =>
  html`<input
    type="checkbox"
    name="run"
    value="${id}"
    aria-label="select ${id}"
    ${new Markup(isChecked ? ' checked' : '')}
  />`;

/** A dash for what is not known: results of other versions and other writers may lack it. */
const known = (value: unknown, format: (value: number) => string): string =>
  typeof value === 'number' ? format(value) : '–';

/** The finished students of the selected runs. */
function comparedTable(charted: readonly ChartedRun[]): Markup | string {
  const rows = charted.flatMap(({ id, students }) =>
    students.map((student): (Cell | string)[] => [
      id === '' ? student.name : `${id}: ${student.name}`,
      { content: student.model, word: true },
      known(student.agreement, formatShare),
      known(student.testError, formatShare),
      known(student.bytes, formatBytes),
      known(student.flops, formatLarge),
      known(student.seconds, (seconds) => formatNumber(Number(seconds.toFixed(1)))),
    ]),
  );
  if (rows.length === 0) return '';
  const head = [
    'student',
    { text: 'network', word: true } as const,
    'agreement',
    'test error',
    'size',
    'FLOPs',
    'seconds',
  ];
  return html`<h2>Selected runs</h2>
    ${dataTable(head, rows)}`;
}
