import { basename } from 'node:path';
import { AncError, isAncError, type ModelEnvironment } from '@anc/core';
import type { StateDict } from '@anc/formats';
import { unknownVariant } from '@anc/models';

/** Where the images have another number of channels than the first kernel of a recognized network. */
export function otherChannels(
  path: string,
  recognized: ModelEnvironment['input'] | undefined,
  given: ModelEnvironment['input'] | undefined,
): AncError | null {
  if (recognized === undefined || given === undefined || recognized[2] === given[2]) return null;
  return new AncError('ANC_MODEL_INPUT', `${basename(path)} is of a network for images of other channels.`, {
    expected: `images of ${recognized[2] === 1 ? 'one channel' : `${recognized[2]} channels`}`,
    received: `images of ${given.join('×')}`,
    hint: 'give it such images: `anc-cli list` shows the datasets.',
  });
}

/** What the weights of a recognized network do not fit: a variant of it. */
export const otherVariant = (
  cause: unknown,
  { layout, tensors }: StateDict,
  input: ModelEnvironment['input'] | undefined,
): unknown =>
  layout === 'torch' && isAncError(cause) && cause.code === 'ANC_WEIGHTS'
    ? unknownVariant(tensors, input, cause)
    : cause;
