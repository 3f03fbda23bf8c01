import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { assertFree } from '../classifier/file.js';
import { NORMALIZE_HELP } from '../classifier/normalize.js';
import { checkTeacher, type Check } from '../check/check.js';
import { sampleImages, type Sample } from '../check/images.js';
import { describePreprocessing } from '../check/readings.js';
import { findTeacher } from '../check/teacher.js';
import { joined } from '../config/flags.js';
import { writeSheet } from '../data/info.js';
import { reportTransfer } from '../data/report-transfer.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { formatCount, formatShare, formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { DefineCommand, Session } from './command.js';
import { loadComposition } from './load-composition.js';
import { namedOf } from './named-option.js';
import { pluginsOf } from './plugins-option.js';
import { parseSizes } from './sizes.js';

interface Options {
  readonly sheet?: string;
  readonly size?: string;
  readonly limit: string;
  readonly model?: string;
  readonly normalize?: string;
  readonly dataDir?: string;
  readonly offline?: boolean;
  readonly backend: string;
  readonly seconds: string;
  readonly plugins?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `check <teacher> <images>`: what a teacher makes of images, before anything is trained. */
export const defineCheck: DefineCommand = (command, session) => {
  command
    .argument('<teacher>', 'a run folder, a file of weights, or an ONNX model')
    .argument('<images>', 'a folder of images, or the name of a dataset')
    .option(
      '--sheet <file>',
      "where to write the images with the teacher's answers; default: check.png, numbered",
    )
    .option('--size <shape>', 'of the images, HxWxC, where the teacher takes any')
    .option('--limit <n>', 'look at this many images at most', '200')
    .option('--model <name>', 'of weights that do not say it: which network they are of')
    .option('--normalize <how>', `${NORMALIZE_HELP}; default: as the file says`)
    .option('--data-dir <folder>', "where a dataset's files are (also ANC_DATA_DIR)")
    .option('--offline', 'download nothing')
    .option('--backend <name>', 'what computes', 'onnx')
    .option('--seconds <n>', 'for comparing readings: fewer images where the teacher is slow', '15')
    .option('--plugins <names>', 'packages or files that bring more', joined)
    .option('--config <file>', 'take `plugins` from a configuration file; default: anc.config.* here')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .action((teacher: string, images: string, options: Options) => check(teacher, images, options, session));
};

async function check(what: string, images: string, options: Options, session: Session): Promise<void> {
  const { cwd } = session;
  const terminal = createTerminal(options.json === true, session);
  const progress = new ProgressPrinter(terminal, options.quiet === true);
  const limit = parseSizes(options.limit, '--limit', 1)[0]!;
  const budget = parseSizes(options.seconds, '--seconds', 1)[0]!;
  const size = options.size === undefined ? undefined : parseSizes(options.size, '--size', 3);
  const shown = options.sheet ?? (await freeName(cwd));
  const sheet = await assertFree(shown, cwd);
  const composition = await loadComposition(await pluginsOf(options, cwd), cwd);
  const backend = await composition.registries.backends.create(
    namedOf(options.backend, '--backend'),
    undefined,
  );
  try {
    const teacher = await findTeacher(
      {
        what,
        cwd,
        ...(options.model === undefined ? {} : { model: namedOf(options.model, '--model') }),
        ...(options.normalize === undefined ? {} : { normalize: options.normalize }),
        ...(size === undefined ? {} : { size: size as [number, number, number] }),
      },
      backend,
      composition,
    );
    const sample = await sampleImages({
      what: images,
      cwd,
      dataDir: options.dataDir === undefined ? null : resolve(cwd, options.dataDir),
      shape: teacher.shape,
      limit,
      composition,
      fetching: { ...reportTransfer(progress), offline: options.offline === true },
    });
    const found = await checkTeacher(teacher, sample, {
      budget,
      progress: (text, done, count) => progress.activity(text, done, count),
    });
    await writeSheet(sheet, found.sheet);
    progress.close();
    terminal.document(documentOf(found, sample, sheet));
    terminal.print(describe(found, sample, shown));
  } finally {
    progress.close();
    await backend.dispose();
  }
}

/** `check.png`, or the first of `check-2.png`, … that is not there yet. */
async function freeName(cwd: string): Promise<string> {
  const there = new Set(await readdir(cwd));
  let name = 'check.png';
  for (let i = 2; there.has(name); i++) name = `check-${i}.png`;
  return name;
}

function documentOf({ sheet: _, answers, readings, ...found }: Check, sample: Sample, sheet: string) {
  const { top1, ...rest } = answers;
  return {
    ...found,
    images: { total: sample.total, looked: rest.count, broken: sample.broken },
    answers: { ...rest, top1: top1.map((label, i) => ({ image: sample.names[i], label })) },
    readings: readings.map((reading) => ({ reading: describePreprocessing(reading), ...reading })),
    sheet,
  };
}

const SHOWN_READINGS = 6;

function describe(found: Check, sample: Sample, sheet: string): string {
  const { answers, readings, classNames, accuracy, warnings, notices } = found;
  const frequent = classNames?.[answers.topClass] ?? `class ${answers.topClass}`;
  return [
    `${found.model}: ${answers.count} of ${formatCount(sample.total)} images of ${sample.what}, shown in ${sheet}`,
    `top-1: ${answers.covered} of ${answers.classes} classes, most often "${frequent}" (${formatShare(answers.topShare)}); ` +
      `entropy ${formatShare(answers.entropy)} of the largest possible` +
      (accuracy === null ? '' : `; ${formatShare(accuracy)} as the images are labelled`),
    formatTable(
      ['reading', 'score', 'decided', 'confident', ...(accuracy === null ? [] : ['right'])],
      readings
        .slice(0, SHOWN_READINGS)
        .map((reading) => [
          describePreprocessing(reading),
          reading.score.toFixed(2),
          reading.decided.toFixed(2),
          reading.confident.toFixed(2),
          ...(accuracy === null ? [] : [formatShare(reading.accuracy)]),
        ]),
    ),
    `likely reading: ${found.likely ?? 'none runs'} (${formatShare(found.lead)} ahead of the next, on ${found.readingImages} images)`,
    ...notices.map((text) => `note: ${text}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
    ...(warnings.length === 0 ? ['nothing to warn of.'] : []),
  ].join('\n');
}
