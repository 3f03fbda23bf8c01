import type { TaskDescription } from '@anc/core/internal';
import { chartsOf, isLogarithmic, type Chart } from './charts.js';
import { formatNumber } from './format.js';
import { alarmsIn, formatEpochs, type History } from './history.js';
import { html, Markup } from './markup.js';
import { sheetSection, type Sheets } from './sheets.js';

/** Epochs that raised an alarm; empty where none did. */
export function alarmSection(histories: readonly History[]): Markup | string {
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
    ? ''
    : html`<h2>Alarms</h2>
        <ul>
          ${items}
        </ul>`;
}

/** A model's curves over its epochs, and the numbers of its last one. */
export function modelSection(
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
function gaps({ lines }: Chart): Markup | string {
  const notes = lines.flatMap(({ name, values }) => {
    const missing = values.flatMap((value, i) => (Number.isFinite(value) ? [] : [i + 1]));
    return missing.length === 0 ? [] : [`${name}: no finite value in epochs ${formatEpochs(missing)}`];
  });
  return notes.length === 0 ? '' : html`<p class="soft">${notes.join('; ')}</p>`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
