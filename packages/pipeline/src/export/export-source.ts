import { loadVariables } from '@anc/formats';
import type { FileOptions } from '../classifier/classifier-file.js';
import type { FoundModel } from '../classifier/find-model.js';
import { parsePreprocessing } from '../classifier/preprocessing.js';
import { loadWeights } from '../classifier/weights-file.js';
import type { Composition } from '../composition/compose.js';
import { openNamedFile, sha256Of } from '../files/named-file.js';
import { versions } from '../run/versions.js';
import type { ExportSource } from './source.js';

/** Reads a file of weights as something to export. Throws what reading it throws. */
export async function exportSource(
  file: string,
  found: FoundModel | null,
  {
    model,
    stateDict,
    preprocessing,
    input,
  }: Pick<FileOptions, 'model' | 'stateDict'> & {
    readonly preprocessing?: string;
    /** [H, W, C], where the file leaves it open. */
    readonly input?: readonly [number, number, number];
  },
  composition: Composition,
  cwd: string,
): Promise<ExportSource> {
  const { path, source, close } = openNamedFile(file, cwd);
  try {
    const loaded = await loadWeights(path, source, composition, {
      ...(model === undefined ? {} : { model }),
      ...(stateDict === undefined ? {} : { stateDict }),
      ...(input === undefined ? {} : { input }),
    });
    return {
      ...loaded,
      variables: loadVariables(loaded.variables),
      normalization:
        preprocessing === undefined
          ? loaded.normalization
          : parsePreprocessing(preprocessing, loaded.environment.input[2]),
      provenance: {
        ...(found === null ? {} : { run: found.run, runModel: found.name }),
        weightsSha256: sha256Of(source),
        program: `anc-cli ${versions()['anc-cli'] ?? versions()['@anc/pipeline'] ?? ''}`.trim(),
      },
    };
  } finally {
    close();
  }
}
