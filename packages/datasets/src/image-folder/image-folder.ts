import { join, resolve } from 'node:path';
import { AncError, Dataset, isAncError, type DatasetSplit, type SplitName } from '@anc/core';
import type { z } from 'zod';
import { missing } from '../files/data-error.js';
import { imageFolderOptions, type ImageFolderOptions } from '../options.js';
import { decodeImage } from './decode.js';
import { DecodedImages } from './decoded-images.js';
import { ImageFiles } from './encoded-images.js';
import {
  interpretFolder,
  type FolderInterpretation,
  type FolderPart,
  type InterpretedFolder,
} from './interpret-folder.js';
import { IMAGE_FORMATS } from './list-images.js';
import type { SplitRole } from './split-names.js';

type Parts = Readonly<Partial<Record<SplitRole, FolderPart>>>;

/**
 * A folder of images of any size: with folders for training, validation and test, or one of which a part is held out for
 * evaluation by a seeded hash of the paths. Folders in it are classes; without them there are no labels.
 */
export class ImageFolder extends Dataset {
  readonly name = 'image-folder';
  readonly classes: readonly string[];
  override readonly classesAreFolders = true;
  readonly shape: readonly [number, number, number];
  /** How the folder was read. */
  readonly interpretation: FolderInterpretation;
  /** Paths of files that were skipped because they do not decode. */
  readonly skipped: readonly string[];
  readonly #parts: Parts;
  readonly #options: z.output<typeof imageFolderOptions>;
  readonly #seed: number;

  private constructor(
    { classes, interpretation }: InterpretedFolder,
    parts: Parts,
    options: z.output<typeof imageFolderOptions>,
    seed: number,
    skipped: readonly string[],
  ) {
    super();
    this.#parts = parts;
    this.classes = classes;
    this.interpretation = interpretation;
    this.#options = options;
    this.#seed = seed;
    this.shape = [options.size, options.size, options.channels];
    this.skipped = skipped;
  }

  /**
   * Lists the folder once.
   *
   * @throws `ANC_DATA_*` if there are no images, or what `interpretFolder` throws.
   */
  static async open(options: ImageFolderOptions, dataDir: string | null, seed: number): Promise<ImageFolder> {
    const parsed = imageFolderOptions.parse(options);
    const path = parsed.path ?? dataDir;
    if (path === null) {
      throw new AncError('ANC_CONFIG', 'image-folder: no folder is given.', {
        expected: '--data-dir, or the option path of image-folder',
        received: 'neither',
      });
    }
    const folder = await interpretFolder(resolve(path), parsed, seed);
    if (!parsed.skipBroken) return new ImageFolder(folder, folder.parts, parsed, seed, []);
    const skipped: string[] = [];
    const parts: Partial<Record<SplitRole, FolderPart>> = {};
    for (const [role, part] of Object.entries(folder.parts) as [SplitRole, FolderPart][]) {
      parts[role] = await decodableOf(part, parsed, skipped);
    }
    return new ImageFolder(folder, parts, parsed, seed, skipped);
  }

  override get notices(): readonly string[] {
    const { summary, remarks } = this.interpretation;
    const { skipped } = this;
    return [
      summary,
      ...remarks,
      ...(skipped.length === 0 ? [] : [`${skipped.length} images do not decode and are skipped.`]),
    ];
  }

  split(name: SplitName): Promise<DatasetSplit> {
    const part = this.#parts[name];
    if (part === undefined || part.files.length === 0) {
      const { folder, summary } = this.interpretation;
      return Promise.reject(
        missing(
          'image-folder',
          [part === undefined ? 'train/' : `a ${IMAGE_FORMATS} file`],
          [part?.root ?? folder],
          '',
          summary,
        ),
      );
    }
    return Promise.resolve(this.#splitOf(part));
  }

  override validation(): Promise<DatasetSplit | null> {
    const part = this.#parts.validation;
    return Promise.resolve(part === undefined || part.files.length === 0 ? null : this.#splitOf(part));
  }

  #splitOf({ root, files, classes }: FolderPart): DatasetSplit {
    const { scale, ratio, flip, views } = this.#options;
    const crops = { scale, ratio, flip, views, seed: this.#seed };
    const numbers = new Map(this.classes.map((name, i) => [name, i]));
    const labels = classes === null ? null : Int32Array.from(classes, (name) => numbers.get(name)!);
    return {
      images: new DecodedImages(new ImageFiles(root, files), this.shape, crops),
      labels: labels === null ? null : () => Promise.resolve(labels.slice()),
    };
  }
}

/** The files of a part that decode; the others are added to `skipped`. */
async function decodableOf(
  from: FolderPart,
  options: z.output<typeof imageFolderOptions>,
  skipped: string[],
): Promise<FolderPart> {
  const kept: number[] = [];
  for (let start = 0; start < from.files.length; start += 64) {
    const some = from.files.slice(start, start + 64);
    const good = await Promise.all(
      some.map(({ path }) =>
        decodeImage(join(from.root, path), [options.size, options.size, options.channels], null).then(
          () => true,
          (error: unknown) => {
            if (!isAncError(error) || error.code !== 'ANC_DATA_CORRUPT') throw error;
            return false;
          },
        ),
      ),
    );
    some.forEach(({ path }, i) => (good[i] ? kept.push(start + i) : skipped.push(join(from.root, path))));
  }
  const { root, files, classes } = from;
  return {
    root,
    files: kept.map((i) => files[i]!),
    classes: classes === null ? null : kept.map((i) => classes[i]!),
  };
}
