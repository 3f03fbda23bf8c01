import type { RunFolder } from '../run-folder/run-folder.js';
import { renderPage } from './page.js';

/** A player's line of the result table. Error and agreement are fractions. */
export interface ReportedModel {
  readonly model: string;
  /** null where the test images have no labels. */
  readonly testError: number | null;
  readonly parameters: number;
  /** For one image. */
  readonly flops: number;
  /** Of training. */
  readonly seconds: number;
}

/** What a finished run says about itself; `result.json` is one of these. */
export interface ReportedResult {
  readonly dataset: string;
  readonly backend: string;
  readonly seed: number;
  readonly teacher: ReportedModel;
  readonly students: readonly (ReportedModel & { readonly name: string; readonly agreement: number })[];
  /** What the numbers do and do not say, a sentence or two each. */
  readonly reading: readonly string[];
}

/**
 * Writes `report.html`: one file without scripts and without anything to load, made from the result, the
 * resolved configuration, the environment and metrics.jsonl. Replaces the one that was there.
 */
export async function writeReport(folder: RunFolder, result: ReportedResult): Promise<string> {
  const page = await renderPage({
    title: folder.name,
    result,
    config: await folder.readConfig(),
    environment: await folder.readEnvironment(),
    records: await folder.metrics.read(),
  });
  return await folder.write('report.html', page);
}
