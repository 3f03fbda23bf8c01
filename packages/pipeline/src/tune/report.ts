import { renderSimpleReport } from '@anc/runtime';
import { formatInterval } from '../compare/summarize.js';
import { formatSeconds, formatShare } from '../text/format.js';
import type { TunedMethod, TuneResult } from './documents.js';
import { triesInWords } from './summarize.js';

/** What every method chose, as rows of text. */
export function tunedRows({ methods, confirmationSeeds }: TuneResult): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const heated = methods.some(({ best }) => best?.setting.temperature !== undefined);
  const fresh = confirmationSeeds.length > 0;
  const head = [
    'method',
    'labels',
    'tries',
    'learning rate',
    ...(heated ? ['temperature'] : []),
    'agreement',
    'error',
    ...(fresh ? ['agreement, fresh seeds', 'error, fresh seeds'] : []),
    'time',
  ];
  const rows = methods.map(({ name, usesLabels, tries, best, confirmed }) => [
    name,
    usesLabels ? 'yes' : 'no',
    String(tries.length),
    best === null ? 'none: all diverged' : String(best.setting.learningRate),
    ...(heated ? [String(best?.setting.temperature ?? '')] : []),
    formatShare(best?.agreement ?? null),
    formatShare(best?.error ?? null),
    ...(fresh
      ? [formatInterval(confirmed?.agreement ?? null), formatInterval(confirmed?.error ?? null)]
      : []),
    formatSeconds(tries.reduce((sum, { seconds }) => sum + seconds, 0)),
  ]);
  return { head, rows };
}

/** One line per method: all that it tried. */
export const triedLines = ({ methods }: Pick<TuneResult, 'methods'>): string[] =>
  methods.map((method: TunedMethod) => `${method.name}, ${method.by} by rate: ${triesInWords(method)}.`);

/** `report.html` of a tuning. */
export function tuningReport(result: TuneResult): string {
  const { tune, dataset, backend, seed, trainingImages, heldOutImages, teacherError, interpretation } =
    result;
  return renderSimpleReport({
    title: tune,
    lead: `dataset ${dataset} · backend ${backend} · seed ${seed} · ${trainingImages} training images · ${heldOutImages} held-out images, on which the teacher's error is ${formatShare(teacherError)}`,
    sections: [
      { title: 'What every method chose, on held-out images', table: tunedRows(result), lines: [] },
      { title: 'Interpretation', lines: interpretation },
      { title: 'All tries', lines: triedLines(result) },
    ],
  });
}
