import { kappaMatters, metricOf, taskOfDocument } from '@anc/core/internal';
import { formatKappa, formatLarge, formatMetric, formatSeconds, formatShare } from '../text/format.js';
import type { ComparedMethod, CompareResult } from './documents.js';
import { AGREEMENT } from '../tasks/agreement.js';
import { formatInterval, formatPoints } from './summarize.js';

/** The comparison as rows of text, for a terminal's table or a page's. */
export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const VERDICTS = {
  better: 'better',
  worse: 'worse',
  'not-distinguishable': 'not distinguishable',
  'one-seed': 'one seed',
} as const;

export function rowsOf(result: CompareResult): Rows {
  const { teacher, methods, diverged = [], classes = Infinity } = result;
  const { metrics } = taskOfDocument(result);
  const [primary] = metrics;
  const columns = metrics.filter(({ inTables = true }) => inTables);
  const baseline = methods[0]?.agreementBaseline;
  const isUneven = kappaMatters(baseline, classes);
  const known = new Set(methods.flatMap(({ differences }) => differences.map(({ to }) => to)));
  const references = methods.map(({ name }) => name).filter((name) => known.has(name));
  const against = (method: ComparedMethod, to: string): string => {
    const found = method.differences.find((difference) => difference.to === to);
    if (found === undefined) return '';
    const metric = found.what === primary.name ? primary : AGREEMENT;
    return `${formatPoints(found.difference, metric)}, ${VERDICTS[found.verdict]}`;
  };
  const head = [
    'method',
    'labels',
    ...columns.map(({ name, label = name }) => label),
    'agreement',
    ...(baseline === undefined ? [] : ['baseline']),
    ...(isUneven ? ['kappa'] : []),
    ...references.map((name) => `minus ${name}`),
    'parameters',
    'FLOPs',
    'time',
    'size',
  ];
  const teacherRow = [
    `teacher (${teacher.model})`,
    teacher.seconds > 0 ? 'yes' : '', // nobody knows how a given one was trained
    ...columns.map((metric) => formatMetric(metricOf(teacher, metric), metric)),
    '',
    ...(baseline === undefined ? [] : ['']),
    ...(isUneven ? [''] : []),
    ...references.map(() => ''),
    formatLarge(teacher.parameters),
    formatLarge(teacher.flops),
    formatSeconds(teacher.seconds),
    `${formatLarge(teacher.bytes)}B`,
  ];
  const rows = methods.map((method) => [
    labelOf(method),
    method.usesLabels ? 'yes' : 'no',
    ...columns.map((metric) => formatInterval(metricOf(method, metric), metric)),
    formatInterval(method.agreement),
    ...(baseline === undefined ? [] : [formatShare(method.agreementBaseline ?? null)]),
    ...(isUneven ? [formatKappa(method.kappa?.mean)] : []),
    ...references.map((name) => against(method, name)),
    formatLarge(method.parameters),
    formatLarge(method.flops),
    formatSeconds(method.seconds.mean),
    `${formatLarge(method.bytes)}B`,
  ]);
  const without = diverged.map((method) => [
    labelOf(method),
    method.usesLabels ? 'yes' : 'no',
    'diverged',
    ...Array.from({ length: head.length - 3 }, () => ''),
  ]);
  return { head, rows: [teacherRow, ...rows, ...without] };
}

/** The name, and the options where it was given some. */
const labelOf = ({ name, method }: Pick<ComparedMethod, 'name' | 'method'>): string =>
  method.includes('(') ? `${name}: ${method.slice(method.indexOf('(') + 1, -1).replaceAll('"', '')}` : name;
