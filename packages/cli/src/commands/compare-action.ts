import { basename, join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { assertCreatable, freeName } from '@anc/runtime';
import type { CompareResult } from '../compare/documents.js';
import { executeComparison, type Comparison } from '../compare/execute.js';
import { readRecord } from '../compare/folder.js';
import { rowsOf } from '../compare/table.js';
import { nowhere } from '../config/locate.js';
import { resolveRequest } from '../config/resolve.js';
import { anchored } from '../run/start.js';
import { endInterrupted, stoppable } from '../terminal/interrupted.js';
import { ProgressPrinter } from '../terminal/progress.js';
import { formatTable } from '../terminal/table.js';
import { createTerminal } from '../terminal/terminal.js';
import type { Session } from './command.js';

/** The action of `compare`. */
export async function compare(
  flags: Record<string, unknown>,
  seeds: unknown,
  session: Session,
): Promise<void> {
  const { cwd } = session;
  const terminal = createTerminal(flags.json === true, session);
  const reporter = new ProgressPrinter(terminal, flags.quiet === true);
  const interrupt = stoppable(terminal);
  try {
    const asked =
      typeof flags.resume === 'string'
        ? await continued(flags, seeds, cwd)
        : await started(flags, seeds, cwd);
    terminal.log.info(`folder of the comparison: ${asked.path}`);
    const result = await executeComparison({ ...asked, cwd, reporter, signal: interrupt.signal });
    reporter.close();
    if (result === null) {
      endInterrupted(terminal, session, `; continue with: anc-cli compare --resume ${asked.path}`);
      return;
    }
    show(result);
  } finally {
    reporter.close();
    interrupt.release();
  }

  function show(result: CompareResult): void {
    const { head, rows } = rowsOf(result);
    terminal.document(result);
    terminal.print(formatTable(head, rows));
    for (const line of result.reading) terminal.print(line);
    terminal.print(`Everything about this comparison is in ${result.compare} (report.html, compare.json).`);
  }
}

type Asked = Pick<Comparison, 'path' | 'record' | 'request' | 'flags'>;

async function started(flags: Record<string, unknown>, seeds: unknown, cwd: string): Promise<Asked> {
  const { said, place, ...request } = await resolveRequest(flags, cwd);
  const config = anchored(request.config, cwd);
  const count = countOf(seeds ?? '3');
  if (config.name !== undefined && basename(config.name) !== config.name) {
    throw new AncError('ANC_CONFIG', '--name: expected a name, not a path.', {
      received: config.name,
      hint: 'say with --out where the folders are made.',
    });
  }
  const parent = resolve(cwd, config.out);
  const path = join(parent, config.name ?? (await freeName(parent, `compare-${config.dataset.name}`)));
  await assertCreatable(path);
  const all = Array.from({ length: count }, (_, i) => config.seed + i);
  return { path, record: { config, seeds: all }, request: { said, place }, flags: {} };
}

async function continued(
  { resume, ...flags }: Record<string, unknown>,
  seeds: unknown,
  cwd: string,
): Promise<Asked> {
  if (seeds !== undefined) {
    throw new AncError('ANC_CONFIG', '--seeds: a comparison is continued with its own seeds.', {
      hint: 'start a new comparison to change them.',
    });
  }
  const folder = resolve(cwd, resume as string);
  const record = await readRecord(folder, flags);
  return { path: folder, record, request: { said: [], place: nowhere }, flags };
}

/** How many seeds. Throws `ANC_CONFIG` where it is no count. */
export function countOf(text: unknown): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && String(text).trim() !== '') return count;
  throw new AncError('ANC_CONFIG', '--seeds: expected a whole number of at least 1.', {
    received: String(text),
    hint: 'e.g. --seeds 5; intervals need 2 or more.',
  });
}
