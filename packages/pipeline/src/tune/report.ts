import { taskOfDocument } from '@anc/core/internal';
import { drawChart, renderSimpleReport, type Chart } from '@anc/runtime';
import { formatInterval } from '../compare/summarize.js';
import { formatMetric, formatSeconds, formatShare } from '../text/format.js';
import type { TunedMethod, TuneResult } from './documents.js';
import { measuredValue } from './measured.js';
import { triesInWords } from './summarize.js';

/** What every method chose, as rows of text. */
export function tunedRows(result: TuneResult): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const { methods, confirmationSeeds } = result;
  const [primary] = taskOfDocument(result).metrics;
  const heated = methods.some(({ best }) => best?.setting.temperature !== undefined);
  const fresh = confirmationSeeds.length > 0;
  const head = [
    'method',
    'labels',
    'tries',
    'learning rate',
    ...(heated ? ['temperature'] : []),
    'agreement',
    primary.name,
    ...(fresh ? ['agreement, fresh seeds', `${primary.name}, fresh seeds`] : []),
    'time',
  ];
  const rows = methods.map(({ name, usesLabels, tries, best, confirmed }) => [
    name,
    usesLabels ? 'yes' : 'no',
    String(tries.length),
    best === null ? 'none: all diverged' : String(best.setting.learningRate),
    ...(heated ? [String(best?.setting.temperature ?? '')] : []),
    formatShare(best?.agreement ?? null),
    formatMetric(best === null ? null : measuredValue(best, primary), primary),
    ...(fresh
      ? [
          formatInterval(confirmed?.agreement ?? null),
          formatInterval(confirmed === null ? null : measuredValue(confirmed, primary), primary),
        ]
      : []),
    formatSeconds(tries.reduce((sum, { seconds }) => sum + seconds, 0)),
  ]);
  return { head, rows };
}

/** One line per method: all that it tried. */
export const triedLines = (result: Pick<TuneResult, 'methods' | 'task'>): string[] =>
  result.methods.map(
    (method: TunedMethod) => `${method.name}, ${method.by} by rate: ${triesInWords(method, result)}.`,
  );

/** What every method reached with each learning rate, the best of its temperatures; null where one rate was tried. */
export function ratesChart(result: Pick<TuneResult, 'methods' | 'task'>): Chart | null {
  const all = result.methods.flatMap(({ tries }) => tries.map(({ setting }) => setting.learningRate));
  const rates = [...new Set(all)].sort((a, b) => a - b);
  if (rates.length < 2) return null;
  const lines = result.methods.map(({ name, tries }) => ({
    name,
    values: rates.map((rate) => {
      const reached = tries.flatMap(({ setting, agreement }) =>
        setting.learningRate === rate && agreement !== null ? [agreement] : [],
      );
      return reached.length === 0 ? NaN : Math.max(...reached);
    }),
  }));
  return {
    title: 'Agreement with the teacher on held-out images, the best temperature of each rate',
    lines,
    axis: { name: 'learning rate', values: rates },
  };
}

/** `report.html` of a tuning. */
export async function tuningReport(result: TuneResult, script?: string): Promise<string> {
  const chart = ratesChart(result);
  const figure =
    chart === null ? {} : { figure: { caption: chart.title, svg: await drawChart(chart, 'rates') } };
  const { tune, dataset, backend, seed, trainingImages, heldOutImages, interpretation } = result;
  const { teacherError, teacherMetrics } = result;
  const [primary] = taskOfDocument(result).metrics;
  const ofTeacher = measuredValue(
    { error: teacherError, ...(teacherMetrics && { metrics: teacherMetrics }) },
    primary,
  );
  return renderSimpleReport(
    {
      title: tune,
      lead: `dataset ${dataset} · backend ${backend} · seed ${seed} · ${trainingImages} training images · ${heldOutImages} held-out images, on which the teacher's ${primary.name} is ${formatMetric(ofTeacher, primary)}`,
      sections: [
        { title: 'What every method chose, on held-out images', table: tunedRows(result), lines: [] },
        { title: 'Interpretation', lines: interpretation },
        { title: 'All tries', ...figure, lines: triedLines(result) },
      ],
    },
    script,
  );
}
