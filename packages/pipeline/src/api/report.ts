import { join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import { Checksums, damagedError, RunFolder, writeFileAtomically } from '@anc/runtime';
import { reportOf } from '../compare/report.js';
import { exists } from '../compare/folder.js';
import { lostRecord } from '../files/missing-record.js';
import { reproductionReport } from '../reproduce/report.js';
import { reportRun } from '../run/part.js';
import { readDocument } from '../run/read-document.js';
import { shownPath } from '../text/shown-path.js';
import { tuningReport } from '../tune/report.js';
import { callOf, type CallOptions } from './run-input.js';

/** The JSON document of `report`. */
export interface ReportResult {
  /** What the folder is of. */
  readonly kind: 'run' | 'compare' | 'tune' | 'reproduce';
  /** The file, relative to the working directory where that is shorter. */
  readonly report: string;
  /** Whether everything that was to be trained is in it. */
  readonly finished: boolean;
}

/** Folders of several runs: the record that they have, the document at their end, and how it becomes a page. */
const KINDS = {
  compare: { record: 'compare.yaml', document: 'compare.json', page: pageBy(reportOf) },
  tune: { record: 'tune.yaml', document: 'tune.json', page: pageBy(tuningReport) },
  reproduce: { record: 'reproduce.yaml', document: 'reproduce.json', page: pageBy(reproductionReport) },
} as const;

interface Page {
  readonly html: string;
  readonly finished: boolean;
}

function pageBy<R extends object>(render: (result: R) => string): (text: string) => Page {
  return (text) => {
    const result = readDocument<R>(text);
    return { html: render(result), finished: !('diverged' in result) };
  };
}

/**
 * Writes `report.html` of a folder that `run`, `compare`, `tune` or `reproduce` made, from the documents in it. Of a run that
 * is not finished it shows what is; the others need their document. Throws `ANC_RUN_MISSING`, `ANC_RUN_UNFINISHED`,
 * `ANC_RUN_DAMAGED` and `ANC_DISK`.
 */
export async function report(folder: string, options: CallOptions = {}): Promise<ReportResult> {
  const { cwd } = callOf(options);
  const path = resolve(cwd, folder);
  for (const kind of ['compare', 'tune', 'reproduce'] as const) {
    const { record, document, page } = KINDS[kind];
    const lost = (await exists(join(path, record))) ? null : await lostRecord(path, record);
    if (lost === null && !(await exists(join(path, record)))) continue;
    const text = await new Checksums(path).readText(document);
    if (text === null) {
      if (lost !== null) throw lost;
      throw new AncError(
        'ANC_RUN_UNFINISHED',
        `"${folder}" is not finished: there is nothing to report yet.`,
        {
          expected: `a folder with ${document} in it`,
          hint: `continue it with anc-cli ${kind} --resume ${shellQuoted(folder)}.`,
        },
      );
    }
    const { html, finished } = rendered(path, document, () => page(text));
    await writeFileAtomically(join(path, 'report.html'), html);
    return { kind, report: shownPath(join(path, 'report.html'), cwd), finished };
  }
  const written = await reportRun(await RunFolder.open(path));
  return { kind: 'run', report: shownPath(written.path, cwd), finished: written.finished };
}

function rendered(path: string, document: string, render: () => Page): Page {
  try {
    return render();
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    throw damagedError(path, document, 'a whole document', received);
  }
}
