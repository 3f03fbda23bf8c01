import type { HostTensor, Normalization, Variables } from '@anc/core';
import { encodeWeightsMetadata, type WeightsMetadata } from '@anc/formats';
import type { LoadedWeights } from '../classifier/weights-file.js';

/** What is exported: a network of ours with everything that a file should say of it. */
export interface ExportSource extends Omit<LoadedWeights, 'variables'> {
  readonly variables: Variables<HostTensor>;
  /** What its pixels go through, or null where nobody said. */
  readonly normalization: Normalization | null;
  /** Where the weights come from. */
  readonly provenance: Pick<WeightsMetadata, 'run' | 'runModel' | 'weightsSha256' | 'program'>;
}

/**
 * The metadata of an exported file.
 * @param folded whether the normalization is part of the model
 * @param layout order of the axes of the model's input, where it can be chosen
 */
export function exportMetadata(
  source: ExportSource,
  folded = false,
  layout?: WeightsMetadata['layout'],
): Record<string, string> {
  const { model, environment, classNames, normalization, metadata, provenance } = source;
  const { method, methodOptions, dataset, seed, task } = metadata;
  return encodeWeightsMetadata({
    model: model.name,
    modelOptions: model.options,
    input: environment.input,
    classes: classNames ?? environment.classes,
    ...(task === undefined ? {} : { task }),
    ...(normalization === null ? {} : { [folded ? 'foldedNormalization' : 'normalization']: normalization }),
    method,
    methodOptions,
    dataset,
    seed,
    ...provenance,
    layout,
  });
}
