import { isAncError, type DatasetSplit } from '@anc/core';
import type { FoundModel } from '../classifier/find-model.js';
import { openImages, type ImagesRequest, type OpenedImages } from '../classifier/images.js';
import type { Composition } from '../composition/compose.js';
import { noticesOf } from '../data/dataset-facts.js';

/** Images that a written file is checked on. */
export interface CheckImages {
  readonly images: OpenedImages;
  /** Test images. */
  readonly split: DatasetSplit;
}

/**
 * The images of a request or a run, to check an exported file on. Null where nobody names any; nothing is downloaded for
 * images that nobody asked for, and where those of a run are gone, a notice says so.
 *
 * @param required whether the file cannot be made without
 * @throws what opening them throws, where they were named or are required
 */
export async function checkImages(
  request: Omit<ImagesRequest, 'model'> & { readonly shape: readonly [number, number, number] },
  required: boolean,
  found: FoundModel | null,
  composition: Composition,
): Promise<CheckImages | null> {
  const { shape, notice, fetching = {} } = request;
  const isNamed = request.dataset !== undefined || request.dataDir !== undefined;
  if (!required && !isNamed && found === null) return null;
  try {
    const images = await openImages(
      {
        ...request,
        fetching: required || isNamed ? fetching : { ...fetching, offline: true },
        model: () => Promise.resolve({ shape, source: 'the model' }),
      },
      found,
      composition,
    );
    const split = await images.test();
    if (split.images.shape.join() !== shape.join()) return required || isNamed ? { images, split } : null;
    for (const text of [...images.notices, ...noticesOf(images.dataset)]) notice(text);
    return { images, split };
  } catch (error) {
    if (required || isNamed || !isAncError(error)) throw error;
    notice(
      `the file is checked on generated images alone, as those of the run cannot be opened: ${error.message}`,
    );
    return null;
  }
}
