import type { CheckResult } from '@anc/pipeline';
import type * as internal from '@anc/pipeline/internal';
import { formatCount, formatMetric, formatShare } from '@anc/pipeline/options';
import { createTerminal } from '../terminal/terminal.js';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import type { DefineCommand, Session } from './command.js';
import { addPreprocessingAlias, PREPROCESSING, preprocessingOf, warnOfAliases } from './model-flags.js';

interface CheckFlags extends CommonOptions {
  readonly sheet?: string;
  readonly size?: string;
  readonly limit: string;
  readonly model?: string;
  readonly preprocessing?: string;
  readonly normalize?: string;
  readonly dataDir?: string;
  readonly offline?: boolean;
  readonly backend: string;
  readonly seconds: string;
  readonly quiet?: boolean;
}

/** `check <teacher> <images>`: a teacher's predictions for images, before anything is trained. */
export const defineCheck: DefineCommand = (command, session) => {
  command
    .argument('<teacher>', 'a run folder, a file of weights, or an ONNX model')
    .argument('<images>', 'a folder of images, or the name of a dataset')
    .option(
      '--sheet <file>',
      "PNG file for the images with the teacher's predictions; default: check.png, numbered",
    )
    .option('--size <shape>', 'size of the images, HxWxC, where the teacher takes any')
    .option('--limit <n>', 'look at this many images at most', '200')
    .option('--model <name>', 'network of the weights, where the file does not name it')
    .option('--preprocessing <how>', `${PREPROCESSING}; default: as the file says`)
    .option('--data-dir <folder>', "folder with a dataset's files (also ANC_DATA_DIR)")
    .option('--offline', 'download nothing')
    .option('--backend <name>', 'backend', 'onnx')
    .option(
      '--seconds <n>',
      'time for comparing preprocessings: a slow teacher is tried on fewer images',
      '15',
    );
  addCommonOptions(addPreprocessingAlias(command))
    .option('--quiet', 'show no progress')
    .action((teacher: string, images: string, options: CheckFlags) =>
      check(teacher, images, options, session),
    );
};

async function check(teacher: string, images: string, flags: CheckFlags, session: Session): Promise<void> {
  const [
    pipeline,
    internal,
    { namedOf },
    { parseSizes },
    { pluginsOf },
    { ProgressPrinter },
    { reportTransfer },
  ] = await Promise.all([
    import('@anc/pipeline'),
    import('@anc/pipeline/internal'),
    import('./named-option.js'),
    import('./sizes.js'),
    import('../config/read-request.js'),
    import('../terminal/progress.js'),
    import('../terminal/report-transfer.js'),
  ]);
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  warnOfAliases(flags, terminal);
  const progress = new ProgressPrinter(terminal, flags.quiet === true);
  const preprocessing = preprocessingOf(flags);
  const limit = parseSizes(flags.limit, '--limit', 1)[0]!;
  const seconds = parseSizes(flags.seconds, '--seconds', 1)[0]!;
  const size = flags.size === undefined ? undefined : parseSizes(flags.size, '--size', 3);
  const shown = flags.sheet ?? (await internal.freeFileName(cwd, 'check.png'));
  const sheet = await internal.assertFree(shown, cwd);
  try {
    const found = await pipeline.check(teacher, images, {
      cwd,
      ...(await pluginsOf(flags, cwd)),
      limit,
      seconds,
      backend: namedOf(flags.backend, '--backend'),
      ...(flags.model === undefined ? {} : { model: namedOf(flags.model, '--model') }),
      ...(preprocessing === undefined ? {} : { preprocessing }),
      ...(size === undefined ? {} : { size: size as [number, number, number] }),
      ...(flags.dataDir === undefined ? {} : { dataDir: flags.dataDir }),
      fetching: { ...reportTransfer(progress), offline: flags.offline === true },
      onProgress: (what, done, count) => progress.show({ type: 'activity', what, done, count }),
    });
    await internal.writePicture(sheet, found.sheet);
    progress.close();
    terminal.document(documentOf(found, sheet, internal.describePreprocessing));
    const { formatTable } = await import('../terminal/table.js');
    terminal.print(describe(found, shown, internal, formatTable));
  } finally {
    progress.close();
  }
}

type Describe = typeof internal.describePreprocessing;

function documentOf(
  { sheet: _, answers, preprocessings, preprocessingImages, sample, ...found }: CheckResult,
  sheet: string,
  name: Describe,
) {
  const { top1, ...rest } = answers;
  const rated = preprocessings.map((one) => ({ preprocessing: name(one), reading: name(one), ...one }));
  return {
    ...found,
    images: { total: sample.total, looked: sample.names.length, broken: sample.broken },
    // Of one prediction per image: of pixels there would be too many.
    answers:
      top1.length === sample.names.length
        ? { ...rest, top1: top1.map((label, i) => ({ image: sample.names[i], label })) }
        : rest,
    preprocessings: rated,
    preprocessingImages,
    readings: rated, // the former names
    readingImages: preprocessingImages,
    sheet,
  };
}

/** Rows of the table; those that cannot be distinguished and the one in use are always shown. */
const SHOWN = 6;

function describe(
  { sample, answers, preprocessings, classNames, accuracy, warnings, notices, ...found }: CheckResult,
  sheet: string,
  { describePreprocessing: name, OWN }: Pick<typeof internal, 'describePreprocessing' | 'OWN'>,
  formatTable: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const frequent = classNames?.[answers.topClass] ?? `class ${answers.topClass}`;
  if (found.task !== undefined)
    return describeDense({ ...found, sample, answers, warnings, notices }, frequent, sheet);
  return [
    `${found.model}: ${answers.count} of ${formatCount(sample.total)} images of ${sample.what}, shown in ${sheet}`,
    `top-1: ${answers.covered} of ${answers.classes} classes, most often "${frequent}" (${formatShare(answers.topShare)}); ` +
      `entropy ${formatShare(answers.entropy)} of the largest possible` +
      (accuracy === null ? '' : `; ${formatShare(accuracy)} as the images are labeled`),
    formatTable(
      ['preprocessing', 'score', 'decided', 'consistent', ...(accuracy === null ? [] : ['right'])],
      preprocessings
        .filter(({ behind, name: own }, i) => i < SHOWN || behind <= 0 || own === OWN)
        .map((one) => [
          name(one),
          one.score.toFixed(2),
          one.decided.toFixed(2),
          one.consistent.toFixed(2),
          ...(accuracy === null ? [] : [formatShare(one.accuracy)]),
        ]),
    ),
    ...verdictOf(found),
    ...notices.map((text) => `note: ${text}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
    ...(warnings.length === 0 ? ['no warnings.'] : []),
  ].join('\n');
}

/** The same of several predictions per image. */
function describeDense(
  {
    model,
    task,
    metrics = null,
    sample,
    answers,
    warnings,
    notices,
    inUse,
  }: Pick<
    CheckResult,
    'model' | 'task' | 'metrics' | 'sample' | 'answers' | 'warnings' | 'notices' | 'inUse'
  >,
  frequent: string,
  sheet: string,
): string {
  const measured = (task?.metrics ?? []).map(
    (metric) => `${metric.label ?? metric.name} ${formatMetric(metrics?.[metric.name] ?? null, metric)}`,
  );
  return [
    `${model}: ${sample.names.length} of ${formatCount(sample.total)} images of ${sample.what}, shown in ${sheet}`,
    `${formatCount(answers.count)} predictions: ${answers.covered} of ${answers.classes} classes, most often "${frequent}" ` +
      `(${formatShare(answers.topShare)}); entropy ${formatShare(answers.entropy)} of the largest possible`,
    ...(metrics === null ? ['the images have no targets'] : [measured.join(', ')]),
    `in use: ${inUse}`,
    ...notices.map((text) => `note: ${text}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
    ...(warnings.length === 0 ? ['no warnings.'] : []),
  ].join('\n');
}

/** What the comparison shows, what is in use, and how the best is set. */
function verdictOf({
  verdict,
  among,
  inUse,
  flags,
  preprocessingImages,
}: Pick<CheckResult, 'verdict' | 'among' | 'inUse' | 'flags' | 'preprocessingImages'>): string[] {
  const on = `on ${preprocessingImages} images`;
  return [
    verdict === 'likely'
      ? `likely preprocessing: ${among[0]!} (clearly ahead of every other, ${on})`
      : verdict === 'undecided'
        ? `undecided: ${on}, these differ too little to decide: ${among.join('; ')}`
        : 'no preprocessing works: the predictions say nothing about the images',
    `in use: ${inUse}`,
    ...(verdict === null || flags === null
      ? []
      : [`to use ${among[0]!}: ${flags.run} with run, ${flags.others} with eval, export and check`]),
  ];
}
