import { classification } from '@anc/core';
import { taskOfDocument } from '@anc/core/internal';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import { analysisSection } from './analysis-section.js';
import { alarmSection, modelSection } from './curves.js';
import { dataSection } from './data-section.js';
import { openDrawing } from './draw.js';
import { firstScreen } from './first-screen.js';
import { historiesOf } from './history.js';
import { html, type Markup } from './markup.js';
import { objectiveSection } from './objective-section.js';
import { paretoPlot, type ParetoPoint } from './pareto.js';
import { noDocuments, type ReportDocuments } from './read-documents.js';
import type { ReportedModel, ReportedResult, ReportedStudent } from './report.js';
import { resultTable } from './result-table.js';
import type { Sheets } from './sheets.js';
import { pageOf } from './shell.js';

export interface PageContent {
  readonly title: string;
  readonly result: ReportedResult;
  /** config.resolved.yaml */
  readonly config: string;
  readonly environment: unknown;
  readonly records: readonly MetricsRecord[];
  /** Sheets of generated images by model; absent: none. */
  readonly sheets?: Sheets;
  /** Absent: none, as in a folder of an earlier version. */
  readonly documents?: ReportDocuments;
  /** See `Shell`. */
  readonly script?: string | undefined;
}

/** The whole report as one HTML document: equal text for an equal run, but for what was measured on the clock. */
export async function renderPage({
  title,
  result,
  config,
  environment,
  records,
  sheets = {},
  documents = noDocuments,
  script,
}: PageContent): Promise<string> {
  const draw = await openDrawing();
  const histories = historiesOf(records);
  const { dataset, backend, seed, interpretation, students } = result;
  const { data, latency, analyses } = documents;
  const recorded = (environment ?? {}) as RecordedEnvironment;
  // Agreement of other tasks is no share of the images: it has no interval of as many draws.
  const isOfImages = taskOfDocument(result).name === classification.name;
  const testImages = isOfImages ? (recorded.data?.test?.count ?? null) : null;
  const foremost = result.best?.name ?? students[0]?.name;
  const body = html`<h1>${title}</h1>
    <p class="soft">
      dataset
      ${dataset}${
        result.transferDataset === undefined ? '' : `, students trained on ${result.transferDataset}`
      }
      · backend ${backend} · seed ${seed}
    </p>
    ${firstScreen(result, latency, testImages)} ${paretoPlot(pointsOf(result, documents), 'pareto') ?? ''}
    <h2>Result</h2>
    ${resultTable(result, latency, testImages)} ${list(interpretation ?? result.reading ?? [])}
    ${alarmSection(histories)}
    ${students.map(({ name }, i) => {
      const analysis = Object.hasOwn(analyses, name) ? analyses[name] : undefined;
      return analysis === undefined
        ? ''
        : analysisSection(name, analysis, `analysis-${i + 1}`, name === foremost);
    })}
    ${data === null ? '' : dataSection(data)} ${objectiveSection(students, recorded.methods ?? {})}
    ${histories.map((history, i) => modelSection(history, `model-${i + 1}`, draw, taskOfDocument(result), sheets))}
    <h2>Configuration</h2>
    <details open>
      <summary>config.resolved.yaml</summary>
      <pre>${config}</pre>
    </details>
    <details>
      <summary>environment.json</summary>
      <pre>${JSON.stringify(environment, null, 2)}</pre>
    </details>`;
  return pageOf({ title, body, script });
}

/** What of environment.json has a place in the report. */
interface RecordedEnvironment {
  readonly data?: { readonly test?: { readonly count?: number } };
  readonly methods?: Readonly<Record<string, unknown>>;
}

/** The teacher and its students in the plot of cost and agreement. */
function pointsOf({ teacher, students }: ReportedResult, { latency }: ReportDocuments): ParetoPoint[] {
  const point = (name: string, agreement: number, { flops, bytes }: ReportedModel): ParetoPoint => ({
    name,
    agreement,
    flops,
    bytes: bytes ?? null,
    latency: latency !== null && Object.hasOwn(latency.models, name) ? latency.models[name]!.p50 : null,
  });
  const measuredStudents = students.filter((student): student is ReportedStudent & { agreement: number } =>
    Number.isFinite(student.agreement),
  );
  return measuredStudents.length === 0 || teacher === null
    ? []
    : [
        point('teacher', 1, teacher),
        ...measuredStudents.map((student) => point(student.name, student.agreement, student)),
      ];
}

const list = (lines: readonly string[]): Markup | string =>
  lines.length === 0
    ? ''
    : html`<ul>
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>`;
