import type { RunFolder } from '../run-folder/run-folder.js';
import type { ReportedAnalysis } from './analysis-section.js';
import type { ReportedData } from './data-section.js';
import type { DataDocument, LatencyDocument, PredictionAnalysis, Tiles } from './documents.js';
import type { TileSheet } from './tiles.js';

/** What of a run folder its report is made of beside the result; null and absent in folders of earlier versions. */
export interface ReportDocuments {
  readonly data: ReportedData | null;
  readonly latency: LatencyDocument | null;
  /** By student. */
  readonly analyses: Readonly<Record<string, ReportedAnalysis>>;
}

export const noDocuments: ReportDocuments = { data: null, latency: null, analyses: {} };

/** Reads the documents of a run and of these students. Throws `ANC_RUN_DAMAGED`. */
export async function readReportDocuments(
  folder: RunFolder,
  students: readonly string[],
): Promise<ReportDocuments> {
  const read = <T>(...parts: readonly string[]): Promise<T | null> =>
    folder.readDocument(parts, (text) => JSON.parse(text) as T);
  const pictures = async (
    shown: Tiles | undefined,
    ...parts: readonly string[]
  ): Promise<TileSheet | null> => {
    const png = shown === undefined ? null : await folder.readBytes(...parts);
    return png === null ? null : { ...shown!, png };
  };
  const analyses: Record<string, ReportedAnalysis> = {};
  for (const name of students) {
    const place = ['student', name];
    const analysis = await read<PredictionAnalysis>(...place, 'analysis.json');
    if (analysis === null) continue;
    analyses[name] = { analysis, pictures: await pictures(analysis.shown, ...place, 'disagreements.png') };
  }
  const data = await read<DataDocument>('data.json');
  return {
    data: data === null ? null : { data, pictures: await pictures(data.shown, 'training-images.png') },
    latency: await read<LatencyDocument>('latency.json'),
    analyses,
  };
}
