import type { ReproduceResult } from '@anc/pipeline';
import type { Cost, PlannedGroup, Reproduction } from '@anc/pipeline/internal';
import { describeNamed, formatLarge, shellQuoted } from '@anc/pipeline/options';
import { addFlags, readFlags } from '../config/flags.js';
import type { Terminal } from '../terminal/terminal.js';
import { acceptsPlugins, addChangePlugins } from './change-plugins.js';
import type { DefineCommand, Session } from './command.js';
import { addJobs, jobsOf, processesFor } from './jobs-flag.js';

interface ReproduceFlags {
  readonly seeds?: string;
  readonly scale?: string;
  readonly jobs?: string;
  readonly dryRun?: boolean;
  readonly changePlugins?: unknown;
}

/** `reproduce`: the comparisons behind one of the paper's tables. */
export const defineReproduce: DefineCommand = (command, session) => {
  command
    .argument('[table]', 'table1 to table10; none with --resume')
    .option('--seeds <n>', 'how many seeds, counted from --seed; default: 3')
    .option('--scale <share>', "share of the paper's epochs, e.g. 0.1; default: 1")
    .option('--dry-run', 'print the runs and their cost, and train nothing');
  addJobs(command);
  addChangePlugins(command);
  addFlags(command, ['dataset', 'methods', 'continue', 'time']).action(
    (table: string | undefined, options: Record<string, unknown>) =>
      reproduce(table, readFlags(options), options, session),
  );
};

async function reproduce(
  table: string | undefined,
  flags: Record<string, unknown>,
  { seeds, scale, jobs, dryRun, changePlugins }: ReproduceFlags,
  session: Session,
): Promise<void> {
  const [
    { openTrainingSession },
    { locating },
    pipeline,
    { endInterrupted, endDiverged },
    { AncError },
    { resolve },
    { countOf, scaleOf },
  ] = await Promise.all([
    import('./run-session.js'),
    import('../config/locate.js'),
    import('@anc/pipeline/internal'),
    import('../terminal/interrupted.js'),
    import('@anc/core'),
    import('node:path'),
    import('./sizes.js'),
  ]);
  const training = await openTrainingSession(flags, session);
  const { terminal, progress, signal, request, fetching, compose, changes, close } = training;
  const { cwd } = session;
  const { resume } = request.call;
  const path = resume === undefined ? null : resolve(cwd, resume);
  const altered = path === null ? {} : changes();
  const acceptPlugins = await acceptsPlugins({ changePlugins }, resume);
  const open = async (): Promise<Reproduction> => {
    if (path === null) {
      const counts = {
        seeds: countOf(seeds ?? '3'),
        scale: scaleOf(scale ?? '1'),
        cwd,
        base: request.file,
        jobs: jobsOf(jobs),
      };
      return pipeline.newReproduction(table, request.flags, counts);
    }
    const given = Object.entries({ table, '--seeds': seeds, '--scale': scale }).find(
      ([, value]) => value !== undefined,
    );
    if (given !== undefined) {
      throw new AncError('ANC_CONFIG', `${given[0]}: a table is resumed as it was started.`, {
        received: given[1]!,
        hint: 'leave it out, or start again without --resume.',
      });
    }
    return pipeline.readReproduction(path, altered);
  };
  try {
    await locating(request.origins, async () => {
      const processes = await processesFor(jobs, training, { cwd, acceptPlugins });
      const reproduction = await open();
      const costs = await pipeline.checkedGrid(reproduction, compose);
      if (dryRun === true) {
        await printGrid(terminal, reproduction, costs, pipeline.tables[reproduction.table].title);
        return;
      }
      const folder = path ?? (await pipeline.newFolder(reproduction, cwd));
      terminal.log.info(`folder of the table: ${folder}`);
      for (const [i, group] of reproduction.grid.entries()) warnOfSize(terminal, group, costs[i]!);
      const emit = progress.show;
      const execution = {
        path: folder,
        cwd,
        reproduction,
        changes: altered,
        acceptPlugins,
        compose,
        fetching,
        emit,
        signal,
        processes,
      };
      const result = await pipeline.executeReproduction(execution);
      progress.close();
      if (result === null) {
        endInterrupted(
          terminal,
          session,
          `; continue with: anc-cli reproduce --resume ${shellQuoted(folder)}`,
        );
      } else await show(result);
    });
  } finally {
    close();
  }

  async function show(result: ReproduceResult): Promise<void> {
    const { formatTable } = await import('../terminal/table.js');
    const { head, rows } = pipeline.reproducedRows(result);
    const failure = pipeline.divergedReproduction(result);
    if (failure === null) terminal.document(result);
    terminal.print(`${result.table}: ${result.title}`);
    terminal.print(formatTable(head, rows));
    for (const line of [...pipeline.footnotes(result), ...result.interpretation]) terminal.print(line);
    terminal.print(`Everything about this table is in ${result.reproduce} (report.html, reproduce.json).`);
    if (failure !== null) endDiverged(terminal, session, failure, result);
  }
}

const inFlops = (flops: number): string => `${formatLarge(flops)}FLOP`;

/** More than a processor should be given: 10^18 operations take a day at 12 TFLOP/s. */
const HUGE = 1e18;

function warnOfSize(terminal: Terminal, { name, options }: PlannedGroup, cost: Cost | null): void {
  if (cost === null || cost.flops < HUGE) return;
  const days = cost.flops / 1e13 / 86_400;
  const imagenet =
    options.data.dataset.name === 'imagenet'
      ? ' The ILSVRC 2012 images must be in --data-dir; they cannot be downloaded.'
      : '';
  terminal.log.warn(
    `${name}: about ${inFlops(cost.flops)}, ${days.toFixed(1)} days at a sustained 10 TFLOP/s. It starts, and resumes where it was stopped, but it needs hardware for that.${imagenet}`,
  );
}

async function printGrid(
  terminal: Terminal,
  { table, scale, seeds, grid }: Reproduction,
  costs: readonly (Cost | null)[],
  title: string,
): Promise<void> {
  const { formatTable } = await import('../terminal/table.js');
  const groups = grid.map(({ name, options: { data, teacher, student, methods, training } }, i) => ({
    name,
    dataset: data.dataset.name,
    teacher: describeNamed(teacher.model),
    student: describeNamed(student.model),
    methods: methods.map(describeNamed),
    epochs: training.epochs,
    trainings: 1 + seeds.length * methods.length,
    images: costs[i]?.images ?? null,
    flops: costs[i]?.flops ?? null,
  }));
  terminal.document({ table, title, scale, seeds, groups });
  terminal.print(`${table}: ${title}; seeds ${seeds.join(', ')}`);
  terminal.print(
    formatTable(
      ['comparison', 'teacher', 'student', 'epochs', 'images', 'trainings', 'cost'],
      groups.map(({ name, teacher, student, epochs, images, trainings, flops }) => [
        name,
        teacher,
        student,
        String(epochs),
        images === null ? '–' : formatLarge(images),
        String(trainings),
        flops === null ? '–' : inFlops(flops),
      ]),
    ),
  );
  for (const { name, methods } of groups) terminal.print(`${name}: ${methods.join('; ')}`);
  for (const [i, group] of grid.entries()) warnOfSize(terminal, group, costs[i]!);
}
