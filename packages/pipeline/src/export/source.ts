import type { HostTensor, Normalization, Variables } from '@anc/core';
import type { LoadedWeights } from '../classifier/weights-file.js';

/** What is exported: a network of ours with everything that a file should say of it. */
export interface ExportSource extends Omit<LoadedWeights, 'variables'> {
  readonly variables: Variables<HostTensor>;
  /** What its pixels go through, or null where nobody said. */
  readonly normalization: Normalization | null;
  /** Run, model, hash of the weights, program: where it comes from. */
  readonly provenance: Readonly<Record<string, string>>;
}

/** What stands in every exported file; a normalization that is inside of the model under a name of its own. */
export function exportMetadata(source: ExportSource, folded = false): Record<string, string> {
  const { model, environment, classNames, normalization, metadata, provenance } = source;
  const kept = ['method', 'methodOptions', 'dataset', 'seed'].filter((key) => metadata[key] !== undefined);
  return {
    model: model.name,
    modelOptions: JSON.stringify(model.options),
    input: JSON.stringify(environment.input),
    classes: JSON.stringify(classNames ?? environment.classes),
    ...(normalization === null
      ? {}
      : { [folded ? 'foldedNormalization' : 'normalization']: JSON.stringify(normalization) }),
    ...Object.fromEntries(kept.map((key) => [key, metadata[key]!])),
    ...provenance,
  };
}
