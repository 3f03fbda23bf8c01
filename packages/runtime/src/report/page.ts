import type { TaskMetric } from '@anc/core';
import { kappaMatters, metricOf, taskOfDocument, type TaskDescription } from '@anc/core/internal';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import { chartsOf, isLogarithmic, type Chart } from './charts.js';
import { openDrawing } from './draw.js';
import { alarmsIn, formatEpochs, historiesOf, type History } from './history.js';
import { html, Markup } from './markup.js';
import { sheetSection, type Sheets } from './sheets.js';
import type { ReportedModel, ReportedResult, ReportedStudent } from './report.js';
import { STYLE } from './style.js';

export interface PageContent {
  readonly title: string;
  readonly result: ReportedResult;
  /** config.resolved.yaml */
  readonly config: string;
  readonly environment: unknown;
  readonly records: readonly MetricsRecord[];
  /** Sheets of generated images by model; absent: none. */
  readonly sheets?: Sheets;
}

/** The whole report as one HTML document: equal text for an equal run. */
export async function renderPage({
  title,
  result,
  config,
  environment,
  records,
  sheets = {},
}: PageContent): Promise<string> {
  const draw = await openDrawing();
  const histories = historiesOf(records);
  const { dataset, backend, seed, interpretation } = result;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>${title} · ANC run</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        <p class="soft">dataset ${dataset} · backend ${backend} · seed ${seed}</p>
        <h2>Result</h2>
        ${resultTable(result)} ${list(interpretation ?? result.reading ?? [])} ${alarmSection(histories)}
        ${histories.map((history, i) => modelSection(history, `model-${i + 1}`, draw, taskOfDocument(result), sheets))}
        <h2>Configuration</h2>
        <details open>
          <summary>config.resolved.yaml</summary>
          <pre>${config}</pre>
        </details>
        <details>
          <summary>environment.json</summary>
          <pre>${JSON.stringify(environment, null, 2)}</pre>
        </details>
      </body>
    </html> `;
  return page.text;
}

function resultTable(result: ReportedResult): Markup {
  const { teacher, students, diverged = [], unfinished = [], classes = Infinity } = result;
  const metrics = taskOfDocument(result).metrics.filter(({ inTables = true }) => inTables);
  const baselines = students.map(({ agreementBaseline }) => agreementBaseline);
  const hasBaseline = baselines.some((baseline) => baseline !== undefined);
  const hasKappa = baselines.some((baseline) => kappaMatters(baseline, classes));
  const columns = 4 + metrics.length + (hasBaseline ? 1 : 0) + (hasKappa ? 1 : 0); // beside name and model
  const row = (name: string, reported: ReportedModel & Partial<ReportedStudent>): Markup =>
    html`<tr>
      <th scope="row">${name}</th>
      <td class="word">${reported.model}</td>
      ${metrics.map((metric) => html`<td>${formatMetric(metricOf(reported, metric), metric)}</td>`)}
      <td>${formatShare(reported.agreement ?? null)}</td>
      ${hasBaseline ? html`<td>${formatShare(reported.agreementBaseline ?? null)}</td>` : ''}
      ${hasKappa ? html`<td>${reported.kappa?.toFixed(3) ?? '–'}</td>` : ''}
      <td>${formatCount(reported.parameters)}</td>
      <td>${formatCount(reported.flops)}</td>
      <td>${reported.seconds.toFixed(1)}</td>
    </tr>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>model</th>
          <th class="word">network</th>
          ${metrics.map(({ name, label = name }) => html`<th>${label}</th>`)}
          <th>agreement</th>
          ${hasBaseline ? html`<th>agreement of a constant</th>` : ''}
          ${hasKappa ? html`<th>Cohen's kappa</th>` : ''}
          <th>parameters</th>
          <th>FLOPs per image</th>
          <th>seconds of training</th>
        </tr>
      </thead>
      <tbody>
        ${teacher === null ? html`` : row('teacher', teacher)}${students.map((student) => row(student.name, student))}
        ${diverged.map(
          ({ name, model, epoch, step }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="word">${model}</td>
              <td colspan="${columns}" class="word">diverged in epoch ${epoch}, by step ${step}</td>
            </tr>`,
        )}
        ${unfinished.map(
          (name) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td colspan="${columns + 1}" class="word">not finished</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const list = (lines: readonly string[]): Markup =>
  lines.length === 0
    ? html``
    : html`<ul>
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>`;

function alarmSection(histories: readonly History[]): Markup {
  const items = histories.flatMap((history) =>
    alarmsIn(history).map(
      ({ alarm, epochs }) =>
        html`<li class="alarm">
          <strong>${history.model}: ${alarm.code}</strong> in ${epochs.length} of ${history.epochs.length}
          epochs (${formatEpochs(epochs)}); the last time ${alarm.message} ${sentence(alarm.advice)}
        </li>`,
    ),
  );
  return items.length === 0
    ? html``
    : html`<h2>Alarms</h2>
        <ul>
          ${items}
        </ul>`;
}

function modelSection(
  history: History,
  id: string,
  draw: (chart: Chart, id: string) => string,
  task: TaskDescription,
  sheets: Sheets,
): Markup {
  const { model, epochs } = history;
  const stages = [...new Set(epochs.map(({ stage }) => stage))].map((stage) => {
    const count = epochs.filter((epoch) => epoch.stage === stage).length;
    return `${stage}: ${count} ${count === 1 ? 'epoch' : 'epochs'}`;
  });
  const figures = chartsOf(history, task).map((chart, i) => {
    const svg = draw(chart, `${id}-chart-${i + 1}`);
    return html`<figure>
      <figcaption>${chart.title}${isLogarithmic(chart) ? ' (logarithmic)' : ''}</figcaption>
      ${new Markup(svg)}${gaps(chart)}
    </figure>`;
  });
  return html`<h2>${model}</h2>
    <p class="soft">${stages.join(', ')}</p>
    <div class="charts">${figures}</div>
    ${sheetSection(sheets[model] ?? [])}
    <details>
      <summary>Numbers of the last epoch</summary>
      <div class="scroll">
        <table>
          <tbody>
            ${Object.entries(epochs.at(-1)!.values).map(
              ([name, value]) =>
                html`<tr>
                  <td>${name}</td>
                  <td>${formatNumber(value)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>`;
}

/** Names the epochs that a line leaves out because their values are not finite. */
function gaps({ lines }: Chart): Markup {
  const notes = lines.flatMap(({ name, values }) => {
    const missing = values.flatMap((value, i) => (Number.isFinite(value) ? [] : [i + 1]));
    return missing.length === 0 ? [] : [`${name}: no finite value in epochs ${formatEpochs(missing)}`];
  });
  return notes.length === 0 ? html`` : html`<p class="soft">${notes.join('; ')}</p>`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const formatShare = (share: number | null): string =>
  share === null ? '–' : Number.isFinite(share) ? `${(100 * share).toFixed(2)} %` : String(share);

const formatMetric = (value: number | null, { unit = 'share' }: TaskMetric): string =>
  value === null || unit === 'share' ? formatShare(value) : formatNumber(value);

const formatCount = (count: number | null): string => count?.toLocaleString('en-US') ?? 'unknown';

const formatNumber = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
