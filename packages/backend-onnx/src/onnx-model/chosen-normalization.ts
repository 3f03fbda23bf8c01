import { sizeOf, type AncError, type FixedNormalization, type Normalization } from '@anc/core';
import { isBytes, type ImageInput } from './image-input.js';
import type { Declared } from './preprocessing.js';
import { onnxError } from './proto.js';
import type { OnnxTeacherOptions } from './teacher-options.js';

/** What is in the options, else requested, else in the metadata, else pixels in 0..1; null to take bytes as they are. */
export function chosenNormalization(
  {
    shown,
    normalization: requested,
  }: { readonly shown: string; readonly normalization?: FixedNormalization },
  options: OnnxTeacherOptions,
  input: ImageInput,
  metadata: Declared,
  notice: (text: string) => void,
): FixedNormalization | null {
  const given =
    normalizationOf(options, shown) ??
    requested ??
    (isBytes(input) ? null : fixedOnly(metadata.normalization, shown));
  if (given === null) {
    if (isBytes(input)) return null;
    if (metadata.impossible !== null) throw impossibleNormalization(shown, metadata.impossible);
    notice(`${shown}: no preprocessing is specified, so pixels are divided by 255.`);
    const each = (value: number): number[] => new Array<number>(input.shape[2]).fill(value);
    return { mean: each(0), std: each(255) };
  }
  if ([1, input.shape[2], sizeOf(input.shape)].includes(given.mean.length)) return given;
  throw onnxError(`${shown}: mean and std must have one number per channel.`, {
    expected: `${input.shape[2]} numbers each`,
    received: `${given.mean.length}`,
  });
}

function fixedOnly(normalization: Normalization | null, shown: string): FixedNormalization | null {
  if (normalization !== 'per-image') return normalization;
  throw onnxError(`${shown}: it needs per-image normalization, which ONNX teachers do not support.`, {
    hint: 'export it with the normalization inside: --fold-normalization.',
  });
}

const impossibleNormalization = (shown: string, text: string): AncError =>
  onnxError(`${shown}: no image can be normalized by its metadata.`, {
    expected: 'a mean and a deviation (std) above 0 for each channel',
    received: text,
    hint: 'say how its images are normalized: --preprocessing, or --teacher-preprocessing for a teacher of a run.',
  });

function normalizationOf({ mean, std }: OnnxTeacherOptions, shown: string): FixedNormalization | null {
  if (mean === undefined && std === undefined) return null;
  if (mean !== undefined && mean.length === std?.length) return { mean, std };
  throw onnxError(`${shown}: mean and std belong together.`, {
    expected: 'as many numbers in mean as in std',
    received: `${mean?.length ?? 0} and ${std?.length ?? 0}`,
  });
}
