import { kappaMatters } from '@anc/runtime';
import { formatKappa, formatLarge, formatSeconds, formatShare } from '../text/format.js';
import type { ComparedMethod, CompareResult } from './documents.js';
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

export function rowsOf({ teacher, methods, diverged = [], classes = Infinity }: CompareResult): Rows {
  const baseline = methods[0]?.agreementBaseline;
  const isUneven = kappaMatters(baseline, classes);
  const known = new Set(methods.flatMap(({ differences }) => differences.map(({ to }) => to)));
  const references = methods.map(({ name }) => name).filter((name) => known.has(name));
  const against = (method: ComparedMethod, to: string): string => {
    const found = method.differences.find((difference) => difference.to === to);
    return found === undefined ? '' : `${formatPoints(found.difference)}, ${VERDICTS[found.verdict]}`;
  };
  const head = [
    'method',
    'labels',
    'test error',
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
    formatShare(teacher.testError),
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
    formatInterval(method.testError),
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
