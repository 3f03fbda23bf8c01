import { join } from 'node:path';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import { Checksums, damagedError } from '@anc/runtime';
import { exists } from '../compare/folder.js';
import { reportOf } from '../compare/report.js';
import { lostRecord } from '../files/missing-record.js';
import { reproductionReport } from '../reproduce/report.js';
import { readDocument } from '../run/read-document.js';
import { tuningReport } from '../tune/report.js';

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

function pageBy<R extends object>(
  render: (result: R, script?: string) => string | Promise<string>,
): (text: string, script?: string) => Promise<Page> {
  return async (text, script) => {
    const result = readDocument<R>(text);
    return { html: await render(result, script), finished: !('diverged' in result) };
  };
}

/**
 * The page of a folder of several runs; null where it is none. `folder`: as a person named it; `script`: of a server that
 * shows the page. Throws as `report` does.
 */
export async function renderSeveral(
  path: string,
  folder: string,
  script?: string,
): Promise<(Page & { readonly kind: keyof typeof KINDS }) | null> {
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
    return { kind, ...(await rendered(path, document, () => page(text, script))) };
  }
  return null;
}

async function rendered(path: string, document: string, render: () => Promise<Page>): Promise<Page> {
  try {
    return await render();
  } catch (error) {
    const received = error instanceof Error ? error.message : String(error);
    throw damagedError(path, document, 'a whole document', received);
  }
}
