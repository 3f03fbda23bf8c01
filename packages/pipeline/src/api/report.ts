import { join, resolve } from 'node:path';
import { RunFolder, writeFileAtomically } from '@anc/runtime';
import { reportRun } from '../run/part.js';
import { renderSeveral } from '../several/render-several.js';
import { shownPath } from '../text/shown-path.js';
import { callOf, type CallOptions } from './call.js';
import { assertPath } from './known-options.js';

/** The JSON document of `report`. */
export interface ReportResult {
  /** What the folder is of. */
  readonly kind: 'run' | 'compare' | 'tune' | 'reproduce';
  /** The file, relative to the working directory where that is shorter. */
  readonly report: string;
  /** Whether everything that was to be trained is in it. */
  readonly finished: boolean;
  /** Of several trainings that are not all finished: how many are. */
  readonly trainings?: { readonly finished: number; readonly total: number };
}

/**
 * Writes `report.html` of a folder that `run`, `compare`, `tune` or `reproduce` made, from the documents in it. Where it is not
 * finished it shows what is. Throws `ANC_RUN_MISSING`, `ANC_RUN_UNFINISHED`,
 * `ANC_RUN_DAMAGED` and `ANC_DISK`.
 */
export async function report(folder: string, options: CallOptions = {}): Promise<ReportResult> {
  assertPath(folder, 'folder');
  const { cwd } = callOf(options);
  const path = resolve(cwd, folder);
  const several = await renderSeveral(path, folder);
  if (several !== null) {
    const { kind, html, finished, trainings } = several;
    await writeFileAtomically(join(path, 'report.html'), html);
    const shown = shownPath(join(path, 'report.html'), cwd);
    return { kind, report: shown, finished, ...(trainings !== undefined && { trainings }) };
  }
  const written = await reportRun(await RunFolder.open(path));
  return { kind: 'run', report: shownPath(written.path, cwd), finished: written.finished };
}
