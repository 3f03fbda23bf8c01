import type { ClassAnalysis, Confusion, PredictionAnalysis, ReliabilityBin } from './documents.js';
import { dataTable, type Cell } from './data-table.js';
import { formatCount, formatShare } from './format.js';
import { html, Markup } from './markup.js';
import { reliabilityDiagram } from './reliability.js';
import { sheetOnce, tileOf, type TileSheet } from './tiles.js';

/** A student's predictions for the test images against the teacher's, and the pictures of the worst disagreements. */
export interface ReportedAnalysis {
  readonly analysis: PredictionAnalysis;
  readonly pictures: TileSheet | null;
}

/** Where a student differs from its teacher: by class, by confidence, and in pictures. */
export function analysisSection(
  student: string,
  { analysis, pictures }: ReportedAnalysis,
  id: string,
  isOpen: boolean,
): Markup {
  const { images, disagreements, classes, perClass, labels } = analysis;
  const shown =
    perClass.length < classes ? `, the ${perClass.length} classes with the most disagreements` : '';
  return html`<details class="analysis" ${isOpen ? new Markup(' open') : ''}>
    <summary>
      Where ${student} differs from the teacher: ${formatCount(disagreements)} of ${formatCount(images)} test
      images
    </summary>
    ${worstSection(analysis, pictures, id)}
    <div class="columns">
      <div>
        <h3>By class${shown}</h3>
        ${classTable(perClass, labels)}
      </div>
      <div>
        <h3>Teacher's class (row) and student's (column)</h3>
        ${confusionTable(analysis.confusion)}
      </div>
    </div>
    ${reliabilitySection(analysis, student)}
  </details>`;
}

function classTable(classes: readonly ClassAnalysis[], labels: boolean): Markup {
  const share = (part: number | undefined, whole: number | undefined): string =>
    whole === undefined || whole === 0 || part === undefined ? '–' : formatShare(part / whole, 1);
  const head = [
    'class',
    "teacher's images",
    'agreement',
    ...(labels ? ['labeled', 'accuracy', "teacher's accuracy"] : []),
  ];
  const rows = classes.map(({ name, teacher, agreed, labeled, right, teacherRight }): (Cell | string)[] => [
    name,
    formatCount(teacher),
    share(agreed, teacher),
    ...(labels ? [formatCount(labeled ?? 0), share(right, labeled), share(teacherRight, labeled)] : []),
  ]);
  return dataTable(head, rows);
}

function confusionTable({ classes, counts }: Confusion): Markup {
  return html`<div class="scroll">
    <table class="confusion">
      <thead>
        <tr>
          <th></th>
          ${classes.map((name, i) => html`<th scope="col" title="${name}">${i + 1}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${counts.map((row, i) => {
          const sum = row.reduce((a, b) => a + b, 0);
          return html`<tr>
            <th scope="row">${i + 1} ${classes[i]!}</th>
            ${row.map((count, j) => {
              const strength = sum === 0 ? 0 : Math.round((100 * count) / sum);
              const kind = i === j ? 'same' : 'other';
              return html`<td class="${kind}" style="--strength: ${strength}%">
                ${count === 0 ? '' : count}
              </td>`;
            })}
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function reliabilitySection({ reliability, labels }: PredictionAnalysis, student: string): Markup {
  const pick = (bins: readonly ReliabilityBin[], key: 'accuracy' | 'agreement') =>
    bins.map(({ images, confidence, [key]: share = 0 }) => ({ images, confidence, share }));
  const diagrams = [
    { title: `${student}: agreement with the teacher`, bins: pick(reliability.student, 'agreement') },
    ...(labels
      ? [
          { title: `${student}: accuracy`, bins: pick(reliability.student, 'accuracy') },
          { title: 'teacher: accuracy', bins: pick(reliability.teacher, 'accuracy') },
        ]
      : []),
  ];
  return html`<h3>Reliability</h3>
    <p class="soft">
      Images by the probability of the predicted class. Bars on the diagonal: the probability can be taken at
      its word; below it, the network is too sure.
    </p>
    <div class="charts small">${diagrams.map(({ title, bins }) => reliabilityDiagram(title, bins))}</div>`;
}

function worstSection(
  { worst, shown }: PredictionAnalysis,
  pictures: TileSheet | null,
  id: string,
): Markup | string {
  if (worst.length === 0) return '';
  const sheet = `${id}-pictures`;
  return html`<h3>The ${worst.length} worst disagreements</h3>
    <p class="soft">Both give different classes, and are surest of them.</p>
    ${pictures === null ? '' : sheetOnce(pictures, sheet)}
    <div class="pictures">
      ${worst.map(
        ({ image, teacher, student, label }, i) =>
          html`<figure>
            ${
              pictures === null || shown === undefined
                ? ''
                : tileOf(
                    pictures,
                    sheet,
                    i,
                    `test image ${image}: teacher ${teacher.class}, student ${student.class}`,
                  )
            }
            <figcaption>
              <span
                >teacher: <b>${teacher.class}</b>
                <span class="nowrap">${formatShare(teacher.confidence, 0)}</span></span
              >
              <span
                >student: <b>${student.class}</b>
                <span class="nowrap">${formatShare(student.confidence, 0)}</span></span
              >
              ${label === undefined ? '' : html`<span>label: ${label}</span>`}
              <span class="soft">test image ${image}</span>
            </figcaption>
          </figure>`,
      )}
    </div>`;
}
