import { basename, join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { assertCreatable, freeName } from '@anc/runtime';
import type { Composition } from '../composition/compose.js';
import { describeNamed } from '../config/named.js';
import { resolveRequest, type Config } from '../config/resolve.js';
import { WorkError } from '../failure.js';
import type { TrainingData } from '../run/data.js';
import { planTraining } from '../run/plan.js';
import { anchored, resumeWith, startWith, type StartedRun } from '../run/start.js';
import { endInterrupted, stoppable } from '../terminal/interrupted.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import { takes } from '../tune/candidate.js';
import type { TuneResult } from '../tune/documents.js';
import { executeTuning } from '../tune/execute.js';
import { readRecord, runFolder, writeRecord, type TuneRecord } from '../tune/folder.js';
import { triedLines, tunedRows } from '../tune/report.js';
import { searchOf } from '../tune/settings.js';
import type { Session } from './command.js';
import { loadComposition } from './load-composition.js';

/** What only `tune` can be told, as commander reads it. */
interface TuneOptions {
  readonly learningRates?: string;
  readonly temperatures?: string;
  readonly budget?: string;
  readonly confirm?: string;
}

/** The action of `tune`. */
export async function tune(
  flags: Record<string, unknown>,
  options: TuneOptions,
  session: Session,
): Promise<void> {
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  const reporter = new ProgressPrinter(terminal, flags.quiet === true);
  const interrupt = stoppable(terminal);
  const notice = (message: string): void => reporter.notice(message);
  try {
    const { path, record, run } =
      typeof flags.resume === 'string'
        ? await continued(flags, options, cwd, notice)
        : await started(flags, options, cwd, notice);
    try {
      terminal.log.info(`folder of the tuning: ${path}`);
      const { plan, folder } = run;
      const result = await executeTuning({
        path,
        cwd,
        record,
        plan,
        folder,
        reporter,
        signal: interrupt.signal,
      });
      reporter.close();
      if (result !== null) {
        show(result);
        return;
      }
      endInterrupted(terminal, session, `; continue with: anc-cli tune --resume ${path}`);
    } catch (error) {
      terminal.log.info(`what was finished is kept; continue with: anc-cli tune --resume ${path}`);
      throw new WorkError(error);
    } finally {
      await run.release();
    }
  } finally {
    reporter.close();
    interrupt.release();
  }

  function show(result: TuneResult): void {
    const { head, rows } = tunedRows(result);
    terminal.document(result);
    terminal.print(formatTable(head, rows));
    for (const line of [...triedLines(result), ...result.reading]) terminal.print(line);
    terminal.print(
      `Every method with its best options is in ${result.found}: anc-cli compare --config ${result.found}`,
    );
  }
}

interface Asked {
  readonly path: string;
  readonly record: TuneRecord;
  readonly run: StartedRun<TrainingData>;
}

/** Share of the training images that is held out where nobody says it. */
const HELD_OUT = 0.1;

async function started(
  flags: Record<string, unknown>,
  options: TuneOptions,
  cwd: string,
  notice: (message: string) => void,
): Promise<Asked> {
  const asked = await resolveRequest(flags, cwd);
  const config = { ...asked.config };
  if (!asked.said.includes('validation')) config.validation = HELD_OUT;
  if (config.validation === 0) {
    throw new AncError('ANC_CONFIG', '--validation: there is nothing to judge the tries on.', {
      expected: 'more than 0, e.g. 0.1',
      received: '0',
    });
  }
  const confirm = options.confirm === undefined ? 0 : countOf(options.confirm, '--confirm', 0);
  const search = searchOf(config.learningRate, {
    ...(options.learningRates === undefined
      ? {}
      : { learningRates: numbersOf(options.learningRates, '--learning-rates') }),
    ...(options.temperatures === undefined
      ? {}
      : { temperatures: numbersOf(options.temperatures, '--temperatures') }),
    ...(options.budget === undefined ? {} : { budget: countOf(options.budget, '--budget', 1) }),
  });
  if (config.name !== undefined && basename(config.name) !== config.name) {
    throw new AncError('ANC_CONFIG', '--name: expected a name, not a path.', {
      received: config.name,
      hint: 'say with --out where the folders are made.',
    });
  }
  const parent = resolve(cwd, config.out);
  const path = join(parent, config.name ?? (await freeName(parent, `tune-${config.dataset.name}`)));
  await assertCreatable(path);
  const composition = await loadComposition(config.plugins, cwd);
  assertTunable(config, composition);
  if (
    search.temperatures.length > 0 &&
    !config.methods.some((method) => takes('temperature', method, config, composition))
  ) {
    notice('--temperatures has no effect: none of the methods has a temperature.');
  }
  const record: TuneRecord = { ...search, confirm, said: asked.said };
  const place = { out: path, name: basename(runFolder(path)) };
  const request = { ...asked, config: { ...anchored(config, cwd), ...place } };
  const run = await startWith(planTraining, request, cwd, notice, () => writeRecord(path, record), {});
  return { path, record, run };
}

async function continued(
  { resume, ...flags }: Record<string, unknown>,
  options: TuneOptions,
  cwd: string,
  notice: (message: string) => void,
): Promise<Asked> {
  const path = resolve(cwd, resume as string);
  const said = Object.entries({
    '--learning-rates': options.learningRates,
    '--temperatures': options.temperatures,
    '--budget': options.budget,
    '--confirm': options.confirm,
  }).find(([, value]) => value !== undefined);
  if (said !== undefined) {
    throw new AncError('ANC_CONFIG', `${said[0]}: a tuning is continued as it was begun.`, {
      received: said[1]!,
      hint: 'leave it out, or start again without --resume.',
    });
  }
  const record = await readRecord(path);
  const run = await resumeWith(planTraining, flags, runFolder(path), cwd, notice, {});
  return { path, record, run };
}

/** Throws `ANC_UNKNOWN`, and `ANC_CONFIG` for a method that brings its own rate. */
function assertTunable(config: Config, composition: Composition): void {
  for (const method of config.methods) {
    composition.registries.methods.get(method.name);
    if (takes('learningRate', method, config, composition)) continue;
    throw new AncError('ANC_CONFIG', `method "${describeNamed(method)}" has nothing to tune.`, {
      expected: 'a method that learns at the rate of the run',
      received: 'a learning rate of its own beside its name',
      hint: 'leave its optimizer out.',
    });
  }
}

function numbersOf(text: string, flag: string): number[] {
  const numbers = text.split(',').map(Number);
  if (numbers.every((value) => Number.isFinite(value) && value > 0)) return numbers;
  throw new AncError('ANC_CONFIG', `${flag}: expected numbers above zero.`, {
    received: text,
    hint: `e.g. ${flag} 0.001,0.002,0.004`,
  });
}

function countOf(text: string, flag: string, least: number): number {
  const count = Number(text);
  if (text.trim() !== '' && Number.isInteger(count) && count >= least) return count;
  throw new AncError('ANC_CONFIG', `${flag}: expected a whole number of at least ${least}.`, {
    received: text,
  });
}
