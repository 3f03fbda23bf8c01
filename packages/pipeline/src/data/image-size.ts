import { isAncError } from '@anc/core';
import { folderSizes, type FolderSizes } from '@anc/datasets';

/** [H, W, C] of images; null for each that is not known. */
export type OpenImageShape = readonly [height: number | null, width: number | null, channels: number | null];

/** What a model's file, or a set of images, says of the shape of images. */
export interface StatedShape {
  readonly shape: OpenImageShape;
  /** Where that stands, as in `size 32 from …`. */
  readonly source: string;
}

/** The shape that images are brought to, as far as it is known. */
export interface ImageSize {
  readonly shape: OpenImageShape;
  /** Why, e.g. `size and channels from the model's input`; for the parts that are known. */
  readonly why: string;
}

/**
 * The one rule for the size and the channels of images that have none of their own: what the model's file says, else
 * what all images have in common. What neither knows stays null: the caller asks for it.
 */
export function imageSize(file: StatedShape | null, images: StatedShape | null): ImageSize {
  const [height, width, channels] = file?.shape ?? [null, null, null];
  const isSized = height !== null && width !== null;
  const [size, color] = [isSized ? file : images, channels !== null ? file : images];
  const shape: OpenImageShape = [size?.shape[0] ?? null, size?.shape[1] ?? null, color?.shape[2] ?? null];
  const parts = [
    { name: 'size', from: shape[0] === null ? null : size },
    { name: 'channels', from: shape[2] === null ? null : color },
  ].filter(({ from }) => from !== null);
  const sources = [...new Set(parts.map(({ from }) => from!.source))];
  return {
    shape,
    why: sources
      .map((source) => {
        const names = parts.filter(({ from }) => from!.source === source).map(({ name }) => name);
        return `${names.join(' and ')} from ${source}`;
      })
      .join('; '),
  };
}

/** What the images of a folder have in common. */
export function statedByFolder({ common, channels, looked, total }: FolderSizes): StatedShape {
  const some = looked === total ? `all ${total} of them` : `${looked} of ${total}`;
  return {
    shape: [common?.[0] ?? null, common?.[1] ?? null, channels],
    source: `the images themselves (${some})`,
  };
}

/** The sizes of a folder's images; null where there are none, which opening the folder reports. */
export async function sizesOfFolder(
  root: string,
  how: Parameters<typeof folderSizes>[1] = {},
): Promise<FolderSizes | null> {
  try {
    const sizes = await folderSizes(root, how);
    return sizes.looked === 0 ? null : sizes;
  } catch (error) {
    if (isAncError(error) && error.code === 'ANC_DATA_MISSING') return null;
    throw error;
  }
}

/** e.g. `images of 3 sizes, e.g. 640×480, 500×375`: width first, as people write it. */
export function sizesInWords({ sizes, common }: FolderSizes): string {
  const shown = ([height, width]: readonly [number, number]): string => `${width}×${height}`;
  return common !== null
    ? `images of ${shown(common)} (width × height)`
    : `images of ${sizes.length} sizes, e.g. ${sizes.slice(0, 3).map(shown).join(', ')} (width × height)`;
}
