import { classification } from '@anc/core';
import { metricOf, taskOfDocument } from '@anc/core/internal';
import type { LatencyDocument } from './documents.js';
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatLarge,
  formatMetric,
  formatMilliseconds,
  formatShare,
  ratioInWords,
  wilson,
} from './format.js';
import { html, type Markup } from './markup.js';
import type { ReportedModel, ReportedResult, ReportedStudent } from './report.js';
import { measured } from './shell.js';

interface Card {
  readonly question: string;
  readonly answer: string | Markup;
  readonly notes: readonly (string | Markup | null)[];
}

/** What a person decides by: is it accurate enough, how small, how fast, what was lost; of one student. */
export function firstScreen(
  result: ReportedResult,
  latency: LatencyDocument | null,
  testImages: number | null,
): Markup | string {
  const { teacher, students, best } = result;
  const shown =
    students.find(({ name }) => name === best?.name) ?? (students.length === 1 ? students[0] : null);
  if (shown?.agreement === undefined) return '';
  const cards = [
    accuracyCard(shown, testImages),
    sizeCard(shown, teacher),
    speedCard(shown, teacher, latency),
    lossCard(result, shown, teacher),
  ];
  const why =
    best === undefined || students.length === 1 ? '' : `: of ${students.length} students ${best.reason}`;
  return html`<p class="lead"><strong>${shown.name}</strong> (${shown.model})${why}.</p>
    <div class="cards">
      ${cards.map(
        ({ question, answer, notes }) =>
          html`<section class="card">
            <h2>${question}</h2>
            <p class="answer">${answer}</p>
            ${notes.filter((note) => note !== null).map((note) => html`<p class="soft">${note}</p>`)}
          </section>`,
      )}
    </div>`;
}

function accuracyCard({ agreement, agreementBaseline }: ReportedStudent, testImages: number | null): Card {
  return {
    question: 'Is it accurate enough?',
    answer: formatShare(agreement, 1),
    notes: [
      testImages === null || testImages === 0
        ? 'agreement with the teacher'
        : `agreement with the teacher on ${formatCount(testImages)} test images; 95 % interval ${formatInterval(wilson(agreement!, testImages))}`,
      agreementBaseline === undefined
        ? null
        : agreement! <= agreementBaseline
          ? html`<span class="alarm"
                ><strong>no better than always giving the teacher's most frequent class</strong></span
              >: ${formatShare(agreementBaseline, 1)}`
          : `always giving the teacher's most frequent class: ${formatShare(agreementBaseline, 1)}`,
    ],
  };
}

function sizeCard(student: ReportedStudent, teacher: ReportedModel | null): Card {
  const { bytes, parameters } = student;
  const ofBytes = ratioInWords(bytes, teacher?.bytes, ['smaller', 'larger']);
  const ratio = ofBytes ?? ratioInWords(parameters, teacher?.parameters, ['smaller', 'larger']);
  return {
    question: 'How small?',
    answer: bytes === undefined ? `${formatCount(parameters)} parameters` : formatBytes(bytes),
    notes: [
      ratio === null
        ? null
        : ofBytes === null
          ? `${ratio} than the teacher by parameters`
          : `${ratio} than the teacher (${formatBytes(teacher!.bytes!)})`,
      ofTeacher('parameters', parameters, teacher?.parameters),
    ],
  };
}

function speedCard(
  student: ReportedStudent,
  teacher: ReportedModel | null,
  latency: LatencyDocument | null,
): Card {
  const question = 'How fast?';
  const of = (name: string): number | undefined =>
    latency !== null && Object.hasOwn(latency.models, name) ? latency.models[name]!.p50 : undefined;
  const [ours, theirs] = [of(student.name), of('teacher')];
  const flops = ofTeacher('FLOPs', student.flops, teacher?.flops);
  if (ours === undefined) {
    const answer = student.flops === null ? 'not measured' : `${formatLarge(student.flops)} FLOPs`;
    return { question, answer, notes: [flops] };
  }
  const ratio = ratioInWords(ours, theirs, ['faster', 'slower']);
  const { backend, teacherBackend = backend } = latency!;
  const where = teacherBackend === backend ? '' : ` on ${teacherBackend}`;
  return {
    question,
    answer: measured(formatMilliseconds(ours)),
    notes: [
      measured(
        `per image${ratio === null ? '' : `, ${ratio} than the teacher (${formatMilliseconds(theirs!)}${where})`}; on ${backend}, one image at once`,
      ),
      flops,
    ],
  };
}

const ofTeacher = (
  what: string,
  value: number | null,
  reference: number | null | undefined,
): string | null =>
  value === null
    ? null
    : `${formatLarge(value)} ${what}${reference === null || reference === undefined ? '' : ` of ${formatLarge(reference)}`}`;

function lossCard(result: ReportedResult, student: ReportedStudent, teacher: ReportedModel | null): Card {
  const question = 'What was lost?';
  const task = taskOfDocument(result);
  const [primary] = task.metrics;
  const { unit = 'share', label = primary.name } = primary;
  const isClassification = task.name === classification.name;
  const ofAnswers = isClassification
    ? "of the images get another answer than the teacher's"
    : "of the predictions differ from the teacher's";
  const [ours, theirs] = [metricOf(student, primary), teacher === null ? null : metricOf(teacher, primary)];
  if (ours === null || theirs === null || !Number.isFinite(ours) || !Number.isFinite(theirs)) {
    return {
      question,
      answer: formatShare(1 - student.agreement!, 1),
      notes: [ofAnswers, notKnown(isClassification ? 'accuracy' : label, ours)],
    };
  }
  const difference = ours - theirs;
  const worse = primary.better === 'lower' ? difference > 0 : difference < 0;
  const amount =
    unit === 'share'
      ? `${(100 * Math.abs(difference)).toFixed(1)} points`
      : formatMetric(Math.abs(difference), primary);
  return {
    question,
    answer: difference === 0 ? 'nothing' : worse ? amount : `nothing: ${amount} better`,
    notes: [
      `${label} ${formatMetric(ours, primary)}, of the teacher ${formatMetric(theirs, primary)}`,
      `${formatShare(1 - student.agreement!, 1)} ${ofAnswers}`,
    ],
  };
}

/** Why student and teacher cannot be compared by the task's metric. `ours`: the student's value; null without labels. */
function notKnown(what: string, ours: number | null): string {
  if (ours === null) return `${what} is not known: the test images have no labels`;
  return Number.isFinite(ours) ? `the teacher's ${what} is not known` : `${what} is no number: ${ours}`;
}
