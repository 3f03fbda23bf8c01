import type { Tree } from '@anc/core';
import type { TaskDescription } from '@anc/core/internal';
import type { RunFolder } from '../run-folder/run-folder.js';
import { renderPage } from './page.js';
import { readReportDocuments } from './read-documents.js';
import { readSheets } from './sheets.js';

/** A model's line of the result table. Error and agreement are fractions. */
export interface ReportedModel {
  /** Name of its network. */
  readonly model: string;
  /** Of a classifier; null if the test images have no labels, and for other tasks. */
  readonly testError: number | null;
  /** The metrics of other tasks, by name. */
  readonly metrics?: Tree<number>;
  /** null where they are not counted. */
  readonly parameters: number | null;
  /** For one image; null where they are not counted. */
  readonly flops: number | null;
  /** Duration of its training. */
  readonly seconds: number;
  /** Size of its smallest stored form. */
  readonly bytes?: number;
}

export interface ReportedStudent extends ReportedModel {
  readonly name: string;
  /** Absent where there are no test images. */
  readonly agreement?: number;
  /** Agreement that a constant prediction of the teacher's most frequent class reaches. */
  readonly agreementBaseline?: number;
  /** Cohen's kappa of student and teacher; null where it is not defined. */
  readonly kappa?: number | null;
}

/** The result of a finished run, as in `result.json`. */
export interface ReportedResult {
  /** Name of the dataset. */
  readonly dataset: string;
  /** Name of the dataset that students learned from, where it is another one. */
  readonly transferDataset?: string;
  /** Name of the backend. */
  readonly backend: string;
  /** Random seed. */
  readonly seed: number;
  /** null where it is not finished. */
  readonly teacher: ReportedModel | null;
  /** One entry per student. */
  readonly students: readonly ReportedStudent[];
  /** What was learned and how it is measured; absent: classification. */
  readonly task?: TaskDescription;
  /** Number of classes. */
  readonly classes?: number;
  /** The student that a person would take, and why, as a clause. */
  readonly best?: { readonly name: string; readonly reason: string };
  /** Students without a result, because their training diverged. */
  readonly diverged?: readonly {
    readonly name: string;
    readonly model: string;
    /** From 1. */
    readonly epoch: number;
    readonly step: number;
  }[];
  /** Models that are not finished, in the report of a part of a run. */
  readonly unfinished?: readonly string[];
  /** What the numbers show and what they do not, a sentence or two each. */
  readonly interpretation?: readonly string[];
  /** The same, as results of earlier versions call it. */
  readonly reading?: readonly string[];
}

/**
 * Writes `report.html`, see `renderReport`. Replaces an earlier one.
 *
 * @returns the path of the file.
 */
export const writeReport = async (folder: RunFolder, result: ReportedResult): Promise<string> =>
  folder.write('report.html', await renderReport(folder, result));

/**
 * The report of a run: one self-contained HTML document without scripts, made from the result, the resolved configuration,
 * the environment, metrics.jsonl and the documents and pictures beside them.
 *
 * @param script path of a script on a server that shows the page while the run goes on.
 * @throws `ANC_RUN_DAMAGED`.
 */
export async function renderReport(
  folder: RunFolder,
  result: ReportedResult,
  script?: string,
): Promise<string> {
  const students = result.students.map(({ name }) => name);
  return renderPage({
    title: folder.name,
    result,
    config: await folder.readConfig(),
    environment: await folder.readEnvironment(),
    records: await folder.metrics.read(),
    sheets: await readSheets(folder, students),
    documents: await readReportDocuments(folder, students),
    script,
  });
}
