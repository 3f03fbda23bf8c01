import { join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { assertCreatable, freeName } from '@anc/runtime';
import { describeNamed } from '../config/named.js';
import { suggestion } from '../nearest.js';
import { costOf } from '../reproduce/cost.js';
import { executeReproduction } from '../reproduce/execute.js';
import { readReproduction, type Reproduction } from '../reproduce/folder.js';
import { checkGrid, gridOf, type PlannedGroup } from '../reproduce/grid.js';
import { footnotes, reproducedRows } from '../reproduce/report.js';
import { tableNames, tables, type TableName } from '../reproduce/tables.js';
import { endInterrupted, stoppable } from '../terminal/interrupted.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { formatLarge, formatTable } from '../terminal/table.js';
import { createTerminal, type Terminal } from '../terminal/terminal.js';
import type { Session } from './command.js';
import { loadComposition } from './load-composition.js';
import { countOf } from './compare-action.js';

interface ReproduceOptions {
  readonly seeds?: string;
  readonly scale?: string;
  readonly dryRun?: boolean;
}

/** The action of `reproduce`. */
export async function reproduce(
  table: string | undefined,
  flags: Record<string, unknown>,
  options: ReproduceOptions,
  session: Session,
): Promise<void> {
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  const { resume, ...others } = flags;
  const continued = typeof resume === 'string';
  const path = continued ? resolve(cwd, resume) : null;
  const reproduction =
    path === null ? await asked(table, flags, options, cwd) : await recorded(table, path, others, options);
  const composition = await loadComposition(reproduction.grid[0]!.request.config.plugins, cwd);
  await checkGrid(reproduction.grid, composition);
  const costs = await Promise.all(
    reproduction.grid.map((group) => costOf(group, reproduction.seeds.length, composition)),
  );
  if (options.dryRun === true) {
    printGrid(terminal, reproduction, costs);
    return;
  }
  const folder = path ?? (await newFolder(reproduction, cwd));
  await run(folder, reproduction, continued ? others : {}, costs, flags.quiet === true, terminal, session);
}

type Costs = readonly Awaited<ReturnType<typeof costOf>>[];

async function run(
  path: string,
  reproduction: Reproduction,
  flags: Record<string, unknown>,
  costs: Costs,
  quiet: boolean,
  terminal: Terminal,
  session: Session,
): Promise<void> {
  const reporter = new ProgressPrinter(terminal, quiet);
  const interrupt = stoppable(terminal);
  try {
    terminal.log.info(`folder of the table: ${path}`);
    for (const [i, group] of reproduction.grid.entries()) warnOfSize(terminal, group, costs[i]!);
    const execution = { path, cwd: session.cwd, reproduction, flags, reporter, signal: interrupt.signal };
    const result = await executeReproduction(execution);
    reporter.close();
    if (result === null) {
      endInterrupted(terminal, session, `; continue with: anc-cli reproduce --resume ${path}`);
      return;
    }
    terminal.document(result);
    const { head, rows } = reproducedRows(result);
    terminal.print(`${result.table}: ${result.title}`);
    terminal.print(formatTable(head, rows));
    for (const line of [...footnotes(result), ...result.reading]) terminal.print(line);
    terminal.print(`Everything about this table is in ${result.reproduce} (report.html, reproduce.json).`);
  } finally {
    reporter.close();
    interrupt.release();
  }
}

async function asked(
  table: string | undefined,
  flags: Record<string, unknown>,
  { seeds, scale }: ReproduceOptions,
  cwd: string,
): Promise<Reproduction> {
  const name = tableOf(table);
  const share = scaleOf(scale ?? '1');
  const grid = await gridOf(tables[name], flags, { scale: share, cwd });
  const { seed } = grid[0]!.request.config;
  const all = Array.from({ length: countOf(seeds ?? '3') }, (_, i) => seed + i);
  return { table: name, scale: share, seeds: all, grid };
}

async function recorded(
  table: string | undefined,
  path: string,
  flags: Record<string, unknown>,
  { seeds, scale }: ReproduceOptions,
): Promise<Reproduction> {
  const said = Object.entries({ table, '--seeds': seeds, '--scale': scale }).find(
    ([, value]) => value !== undefined,
  );
  if (said !== undefined) {
    throw new AncError('ANC_CONFIG', `${said[0]}: a table is continued as it was begun.`, {
      received: said[1]!,
      hint: 'leave it out, or start again without --resume.',
    });
  }
  return await readReproduction(path, flags);
}

function tableOf(text: string | undefined): TableName {
  const found = tableNames.find((name) => name === text);
  if (found !== undefined) return found;
  const hint = text === undefined ? null : suggestion(text, tableNames);
  throw new AncError(
    'ANC_UNKNOWN',
    text === undefined ? 'which table? None was named.' : `the paper has no table named "${text}".`,
    { expected: `one of ${tableNames.join(', ')}`, ...(hint === null ? {} : { hint }) },
  );
}

function scaleOf(text: string): number {
  const scale = Number(text);
  if (text.trim() !== '' && scale > 0 && scale <= 1) return scale;
  throw new AncError('ANC_CONFIG', '--scale: expected more than 0 and at most 1.', { received: text });
}

async function newFolder({ table, grid }: Reproduction, cwd: string): Promise<string> {
  const { out, name } = grid[0]!.request.config;
  const parent = resolve(cwd, out);
  const path = join(parent, name ?? (await freeName(parent, `reproduce-${table}`)));
  await assertCreatable(path);
  return path;
}

const work = (flops: number): string => `${formatLarge(flops)}FLOP`;

/** From here on a grid is no matter of a processor: 10^18 operations are a day at 12 TFLOP/s. */
const HUGE = 1e18;

function warnOfSize(
  terminal: Terminal,
  { name, request: { config } }: PlannedGroup,
  cost: Costs[number],
): void {
  if (cost === null || cost.flops < HUGE) return;
  const days = cost.flops / 1e13 / 86_400;
  const imagenet =
    config.dataset.name === 'imagenet'
      ? ' The ILSVRC 2012 images must be in --data-dir; nothing can be downloaded for you.'
      : '';
  terminal.log.warn(
    `${name}: about ${work(cost.flops)}, ${days.toFixed(1)} days at a sustained 10 TFLOP/s. It starts, and continues where it was stopped, but it needs hardware for that.${imagenet}`,
  );
}

function printGrid(terminal: Terminal, { table, scale, seeds, grid }: Reproduction, costs: Costs): void {
  const groups = grid.map(({ name, request: { config } }, i) => ({
    name,
    dataset: config.dataset.name,
    teacher: describeNamed(config.teacher),
    student: describeNamed(config.student),
    methods: config.methods.map(describeNamed),
    epochs: config.epochs,
    trainings: 1 + seeds.length * config.methods.length,
    images: costs[i]?.images ?? null,
    flops: costs[i]?.flops ?? null,
  }));
  terminal.document({ table, title: tables[table].title, scale, seeds, groups });
  terminal.print(`${table}: ${tables[table].title}; seeds ${seeds.join(', ')}`);
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
        flops === null ? '–' : work(flops),
      ]),
    ),
  );
  for (const { name, methods } of groups) terminal.print(`${name}: ${methods.join('; ')}`);
  for (const [i, group] of grid.entries()) warnOfSize(terminal, group, costs[i]!);
}
