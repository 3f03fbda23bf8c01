import { join } from 'node:path';
import { isAncError } from '@anc/core';
import {
  assertSelfContained,
  damagedError,
  html,
  pageOf,
  pathOfReport,
  renderReport,
  renderRunsPage,
  RunFolder,
  type ChartedRun,
  type ListedFolder,
} from '@anc/runtime';
import { renderSeveral } from '../several/render-several.js';
import { resultOfRun } from '../run/part.js';
import { findFolders, MOST_LISTED, type FoundFolder } from './find-folders.js';

/** Path of the script on the server. */
export const SCRIPT = '/live.js';

/** Runs in the chart where none are selected: the last ones of the list. */
const USUAL = 4;
/** Most runs in the chart. */
const MOST = 12;

const NOT_WHOLE = `There is more in this folder than is listed: at most ${MOST_LISTED} folders. Serve a folder inside of it to see the rest.`;

export interface Page {
  readonly status: number;
  readonly text: string;
}

/** The page of all runs below a folder. `selected`: those in the chart; empty: the last ones. */
export async function runsPage(
  root: string,
  title: string,
  selected: readonly string[],
  metric: string | undefined,
): Promise<Page> {
  const { folders, isWhole } = await findFolders(root);
  const runs = folders.filter(({ kind }) => kind === 'run').map(({ id }) => id);
  const shown = selected.length === 0 ? runs.slice(-USUAL) : runs.filter((id) => selected.includes(id));
  const read = new Map<string, ReadRun>();
  for (const id of runs) read.set(id, await readRun(join(root, id)));
  const listed = folders.map(({ id, kind }): ListedFolder => ({
    id,
    kind,
    state: read.get(id)?.state ?? '',
  }));
  const charted = shown.slice(0, MOST).map((id): ChartedRun => ({ id, ...read.get(id)! }));
  return {
    status: 200,
    text: await renderRunsPage({
      title,
      folders: listed,
      charted,
      metric,
      note: isWhole ? undefined : NOT_WHOLE,
      script: SCRIPT,
    }),
  };
}

type ReadRun = Pick<ChartedRun, 'records' | 'students'> & { readonly state: string };

/** What the list shows of a run; a run that cannot be read says why. */
async function readRun(path: string): Promise<ReadRun> {
  try {
    await assertSelfContained(path);
    const folder = await RunFolder.open(path);
    const [records, { result, finished }] = [await folder.metrics.read(), await resultOfRun(folder)];
    const last = records.at(-1);
    const state = finished
      ? 'finished'
      : last === undefined
        ? 'no epoch yet'
        : `${last.model}: epoch ${last.epoch + 1}`;
    assertStudents(path, result.students);
    return { records, students: result.students, state };
  } catch (error) {
    return { records: [], students: [], state: (error as Error).message };
  }
}

/** The list shows names; what else a student lacks is a dash there. Throws `ANC_RUN_DAMAGED`. */
function assertStudents(path: string, students: unknown): void {
  const isStudent = (student: unknown): boolean => {
    const { name, model } = (student ?? {}) as { readonly name?: unknown; readonly model?: unknown };
    return typeof name === 'string' && typeof model === 'string';
  };
  if (Array.isArray(students) && students.every(isStudent)) return;
  throw damagedError(path, 'result.json', 'students with their names and networks', JSON.stringify(students));
}

/** The report of a folder that `findFolders` lists, as it is now. `folders`: all of them. */
export async function reportPage(
  root: string,
  { id, kind }: FoundFolder,
  folders: readonly FoundFolder[],
): Promise<Page> {
  const path = join(root, id);
  try {
    await assertSelfContained(path);
    if (kind !== 'run') {
      const runs = runsIn(id, folders).map((run) => ({
        text: run.id,
        href: `${id === '' ? run.id : run.id.slice(id.length + 1)}/report.html`,
      }));
      const page = await renderSeveral(path, id, { script: SCRIPT, runs });
      if (page !== null) return { status: 200, text: page.html };
    }
    const folder = await RunFolder.open(path);
    const { result } = await resultOfRun(folder);
    return { status: 200, text: await renderReport(folder, result, SCRIPT) };
  } catch (error) {
    if (!isAncError(error)) throw error;
    if (error.code === 'ANC_RUN_UNFINISHED') return unfinishedPage(id, folders);
    return messagePage(409, error.message);
  }
}

/** The folders in a folder. */
const runsIn = (id: string, folders: readonly FoundFolder[]): readonly FoundFolder[] =>
  folders.filter((folder) => folder.id !== id && (id === '' || folder.id.startsWith(`${id}/`)));

/** The page of a comparison or a tuning that has no result yet: its runs. */
function unfinishedPage(id: string, folders: readonly FoundFolder[]): Page {
  const inside = runsIn(id, folders);
  const title = id === '' ? 'this folder' : id;
  const body = html`<h1>${title}</h1>
    <p>It is not finished yet. Its runs:</p>
    <ul>
      ${inside.map((folder) => html`<li><a href="${pathOfReport(folder.id)}">${folder.id}</a></li>`)}
    </ul>`;
  return { status: 200, text: pageOf({ title, body, script: SCRIPT }) };
}

export const messagePage = (status: number, message: string): Page => ({
  status,
  text: pageOf({ title: String(status), body: html`<h1>${status}</h1><p>${message}</p>` }), // prettier-ignore
});
