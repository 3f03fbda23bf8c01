import { kappaMatters, metricOf, taskOfDocument } from '@anc/core/internal';
import { dataTable, type Cell } from './data-table.js';
import type { LatencyDocument } from './documents.js';
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatMetric,
  formatMilliseconds,
  formatShare,
  wilson,
} from './format.js';
import { html, type Markup } from './markup.js';
import type { ReportedModel, ReportedResult, ReportedStudent } from './report.js';
import { measured } from './shell.js';

/** Every model of a run with its numbers. `testImages`: for intervals; null where their number is not known. */
export function resultTable(
  result: ReportedResult,
  latency: LatencyDocument | null,
  testImages: number | null,
): Markup {
  const { teacher, students, diverged = [], unfinished = [], classes = Infinity } = result;
  const metrics = taskOfDocument(result).metrics.filter(({ inTables = true }) => inTables);
  const baselines = students.map(({ agreementBaseline }) => agreementBaseline);
  const hasBaseline = baselines.some((baseline) => baseline !== undefined);
  const hasKappa = baselines.some((baseline) => kappaMatters(baseline, classes));
  const all = [...(teacher === null ? [] : [teacher]), ...students];
  const hasBytes = all.some(({ bytes }) => bytes !== undefined);
  const head = [
    'model',
    { text: 'network', word: true } as const,
    ...metrics.map(({ name, label = name }) => label),
    'agreement',
    ...(hasBaseline ? ['agreement of a constant'] : []),
    ...(hasKappa ? ["Cohen's kappa"] : []),
    'parameters',
    'FLOPs per image',
    ...(hasBytes ? ['size'] : []),
    ...(latency === null ? [] : ['latency']),
    'seconds of training',
  ];
  const columns = head.length - 2; // beside name and model
  const row = (name: string, reported: ReportedModel & Partial<ReportedStudent>): (Cell | string)[] => [
    name,
    { content: reported.model, word: true },
    ...metrics.map((metric) => formatMetric(metricOf(reported, metric), metric)),
    { content: withInterval(reported.agreement, testImages) },
    ...(hasBaseline ? [formatShare(reported.agreementBaseline)] : []),
    ...(hasKappa ? [reported.kappa?.toFixed(3) ?? '–'] : []),
    formatCount(reported.parameters),
    formatCount(reported.flops),
    ...(hasBytes ? [reported.bytes === undefined ? '–' : formatBytes(reported.bytes)] : []),
    ...(latency === null ? [] : [{ content: measured(latencyOf(latency, name)) }]),
    reported.seconds.toFixed(1),
  ];
  return dataTable(head, [
    ...(teacher === null ? [] : [row('teacher', teacher)]),
    ...students.map((student) => row(student.name, student)),
    ...diverged.map(({ name, model, epoch, step }): (Cell | string)[] => [
      name,
      { content: model, word: true },
      { content: `diverged in epoch ${epoch}, by step ${step}`, word: true, span: columns },
    ]),
    ...unfinished.map((name): (Cell | string)[] => [
      name,
      { content: 'not finished', word: true, span: columns + 1 },
    ]),
  ]);
}

const latencyOf = ({ models }: LatencyDocument, name: string): string => {
  const found = Object.hasOwn(models, name) ? models[name] : undefined;
  return found === undefined ? '–' : formatMilliseconds(found.p50);
};

function withInterval(share: number | undefined, images: number | null): Markup {
  const text = formatShare(share);
  if (share === undefined || !Number.isFinite(share) || images === null || images === 0) return html`${text}`;
  return html`${text} <span class="soft nowrap">(${formatInterval(wilson(share, images))})</span>`;
}
