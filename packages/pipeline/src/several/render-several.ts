import { join } from 'node:path';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import {
  Checksums,
  damagedError,
  renderSimpleReport,
  writeFileAtomically,
  type ReportLink,
} from '@anc/runtime';
import { exists } from '../compare/folder.js';
import { partialComparison } from '../compare/partial.js';
import { reportOf } from '../compare/report.js';
import { lostRecord } from '../files/missing-record.js';
import { partialReproduction } from '../reproduce/partial.js';
import { reproductionReport } from '../reproduce/report.js';
import { readDocument } from '../run/read-document.js';
import { partialTuning } from '../tune/partial.js';
import { tuningReport } from '../tune/report.js';
import { inWords, type PartialResult } from '../jobs/partial-result.js';

/** Folders of several runs: the record that they have, the document at their end, how it becomes a page, and what is there before. */
const KINDS = {
  compare: {
    record: 'compare.yaml',
    document: 'compare.json',
    page: pageBy(reportOf),
    partial: (path: string) => partialComparison(path),
  },
  tune: { record: 'tune.yaml', document: 'tune.json', page: pageBy(tuningReport), partial: partialTuning },
  reproduce: {
    record: 'reproduce.yaml',
    document: 'reproduce.json',
    page: pageBy(reproductionReport),
    partial: partialReproduction,
  },
} as const;

interface Page {
  readonly html: string;
  readonly finished: boolean;
  /** Of a folder that is not finished: how many trainings are. */
  readonly trainings?: PartialResult['trainings'];
}

/** What a server adds to a page. */
export interface ServedPage {
  /** Path of its script. */
  readonly script: string;
  /** The pages of the runs in the folder, which it shows while these go on. */
  readonly runs: readonly ReportLink[];
}

function pageBy<R extends object>(
  render: (result: R, script?: string) => string | Promise<string>,
): (text: string, script?: string) => Promise<Page> {
  return async (text, script) => {
    const result = readDocument<R>(text);
    return { html: await render(result, script), finished: !('diverged' in result) };
  };
}

/**
 * The page of a folder of several runs, of what is finished where not everything is; null where it is no such folder. `folder`:
 * as a person named it; `server`: what a server adds that shows the page. Throws as `report` does.
 */
export async function renderSeveral(
  path: string,
  folder: string,
  server?: ServedPage,
): Promise<(Page & { readonly kind: keyof typeof KINDS }) | null> {
  for (const kind of ['compare', 'tune', 'reproduce'] as const) {
    const { record, document, page, partial } = KINDS[kind];
    const lost = (await exists(join(path, record))) ? null : await lostRecord(path, record);
    if (lost === null && !(await exists(join(path, record)))) continue;
    const text = await new Checksums(path).readText(document);
    if (text === null) {
      if (lost !== null) throw lost;
      const { trainings, sections } = await partial(path);
      if (trainings.finished === 0) throw nothingYet(kind, folder);
      const lead = `${kind}, not finished: ${inWords(trainings)}`;
      const runs = server === undefined ? [] : [{ title: 'Runs', lines: server.runs }];
      const page = { title: folder, lead, sections: [...sections, ...runs] };
      return { kind, html: renderSimpleReport(page, server?.script), finished: false, trainings };
    }
    return { kind, ...(await rendered(path, document, () => page(text, server?.script))) };
  }
  return null;
}

const nothingYet = (kind: string, folder: string): AncError =>
  new AncError('ANC_RUN_UNFINISHED', `"${folder}" is not finished: there is nothing to report yet.`, {
    expected: 'a folder with a training that is finished',
    hint: `continue it with anc-cli ${kind} --resume ${shellQuoted(folder)}.`,
  });

/**
 * Writes `report.html` of what is finished. Several processes may do so at once, while another one ends the last training: a page
 * of what was unfinished is written again where the document came meanwhile.
 */
export async function writePartialPage(path: string, folder: string): Promise<void> {
  for (;;) {
    const found = await renderSeveral(path, folder);
    if (found === null) return;
    await writeFileAtomically(join(path, 'report.html'), found.html);
    if (found.finished || !(await exists(join(path, KINDS[found.kind].document)))) return;
  }
}

async function rendered(path: string, document: string, render: () => Promise<Page>): Promise<Page> {
  try {
    return await render();
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    throw damagedError(path, document, 'a whole document', received);
  }
}
