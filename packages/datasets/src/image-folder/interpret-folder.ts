import { join } from 'node:path';
import { AncError } from '@anc/core';
import { corrupt, missing } from '../files/data-error.js';
import { byCodeUnits, matchNames, naturalOrder } from '../images/class-names.js';
import { findSplits, type FoundSplits } from './find-splits.js';
import { filled, folderTree, imagesIn, unwrapped, type FolderNode } from './folder-tree.js';
import { holdOutImages } from './hold-out-images.js';
import { IMAGE_FORMATS, listFolder, type FoundImage } from './list-images.js';
import { remarksOf, summaryOf } from './describe-folder.js';
import type { SplitRole } from './split-names.js';

/** How a folder is read where its structure does not decide. */
export interface ReadingOptions {
  readonly labelled: 'auto' | 'yes' | 'no';
  readonly splits: 'auto' | 'no';
  readonly classOrder: 'natural' | 'text';
  /** Share of the images that is held out where there are no test images; null: none is. */
  readonly testFraction: number | null;
}

/** Images of one split. */
export interface FolderPart {
  /** Paths of `files` are relative to this folder. */
  readonly root: string;
  /** Its files. */
  readonly files: readonly FoundImage[];
  /** The class of each file; null without labels. */
  readonly classes: readonly string[] | null;
}

/** What a part's images are and where they come from, for people and documents. */
export interface DescribedPart {
  /** Relative to the given folder; empty for that folder itself. */
  readonly folder: string;
  readonly images: number;
  readonly labeled: boolean;
  /** Held out of the training images. */
  readonly heldOut: boolean;
}

/** How a folder of images was read. */
export interface FolderInterpretation {
  /** Path of the folder. */
  readonly folder: string;
  /** How splits were found. */
  readonly layout: FoundSplits['layout'];
  /** The images by what they are used for. */
  readonly parts: Readonly<Partial<Record<SplitRole, DescribedPart>>>;
  /** Names of the classes; empty without labels. */
  readonly classes: readonly string[];
  /** One sentence about all of it. */
  readonly summary: string;
  /** What was left out or may be a mistake, in sentences. */
  readonly remarks: readonly string[];
}

export interface InterpretedFolder {
  readonly parts: Readonly<Partial<Record<SplitRole, FolderPart>>>;
  /** In the order of their numbers; empty without labels. */
  readonly classes: readonly string[];
  readonly interpretation: FolderInterpretation;
}

/** A part before paths are relative to its own folder. */
interface Section {
  readonly node: FolderNode;
  readonly files: readonly FoundImage[];
  readonly classes: readonly string[] | null;
  /** Images beside class folders. */
  readonly stray: readonly string[];
  /** The folder that holds the class folders. */
  readonly inner: FolderNode;
}

/** A folder of images with nothing held out. Throws like `interpretFolder`. */
export const interpretWholeFolder = (
  folder: string,
  { labelled = 'auto', splits = 'auto' }: Partial<Pick<ReadingOptions, 'labelled' | 'splits'>> = {},
): Promise<InterpretedFolder> =>
  interpretFolder(folder, { labelled, splits, classOrder: 'natural', testFraction: null }, 1);

/**
 * Reads a folder of images: finds its splits, its classes and what does not belong to either.
 *
 * @throws `ANC_DATA_MISSING` without images, `ANC_DATA_MIXED` where labels are neither there nor absent,
 *   `ANC_DATA_CORRUPT` for a class that only the test images have, `ANC_DATA_TOO_FEW`.
 */
export async function interpretFolder(
  folder: string,
  options: ReadingOptions,
  seed: number,
): Promise<InterpretedFolder> {
  const listing = await listFolder(folder);
  if (listing.images.length === 0) throw missing('image-folder', [`a ${IMAGE_FORMATS} file`], [folder]);
  const tree = folderTree(listing);
  const found: FoundSplits =
    options.splits === 'no'
      ? { layout: 'one', base: unwrapped(tree), splits: { train: unwrapped(tree) }, beside: [], outside: [] }
      : findSplits(tree);
  const sections: Partial<Record<SplitRole, Section>> = {};
  for (const role of ['train', 'validation', 'test'] as const) {
    const node = found.splits[role];
    if (node !== undefined) sections[role] = sectionOf(node, found, options, folder);
  }
  if (options.labelled === 'yes' && Object.values(sections).every(({ classes }) => classes === null)) {
    throw corrupt(folder, 'no class folders', 'images in folders named by their class', 'images alone');
  }
  const classes = classesOf(sections, options.classOrder, folder);
  const named = (part: FolderPart): FolderPart =>
    part.classes === null ? part : { ...part, classes: canonical(part.classes, classes) };
  const parts: Partial<Record<SplitRole, FolderPart>> = {};
  const described: Partial<Record<SplitRole, DescribedPart>> = {};
  const take = (role: SplitRole, { node, files, classes: own }: Section): void => {
    const prefix = node.path === '' ? 0 : node.path.length + 1;
    const local = files.map((file) => ({ ...file, path: file.path.slice(prefix) }));
    parts[role] = named({ root: join(folder, node.path), files: local, classes: own });
    described[role] = { folder: node.path, images: files.length, labeled: own !== null, heldOut: false };
  };
  const { train, validation, test } = sections;
  if (train !== undefined) take('train', train);
  if (test !== undefined) take('test', test);
  if (validation !== undefined) take(test === undefined ? 'test' : 'validation', validation);
  let kept = 0;
  if (parts.test === undefined && options.testFraction !== null) {
    const all = parts.train!;
    const held = holdOutImages(all.root, all.files, all.classes, options.testFraction, seed);
    kept = held.kept;
    const only = (indices: readonly number[]): FolderPart => ({
      root: all.root,
      files: indices.map((index) => all.files[index]!),
      classes: all.classes === null ? null : indices.map((index) => all.classes![index]!),
    });
    [parts.train, parts.test] = [only(held.train), only(held.test)];
    described.train = { ...described.train!, images: held.train.length };
    described.test = { ...described.train, images: held.test.length, heldOut: true };
  }
  const about = { folder, found, listing, classes, parts: described, sections, kept };
  return {
    parts,
    classes,
    interpretation: {
      folder,
      layout: found.layout,
      parts: described,
      classes,
      summary: summaryOf(about),
      remarks: remarksOf(about),
    },
  };
}

function sectionOf(
  node: FolderNode,
  { layout }: FoundSplits,
  options: Pick<ReadingOptions, 'labelled'>,
  folder: string,
): Section {
  const inner = layout === 'class-first' ? node : unwrapped(node);
  const folders = filled(inner);
  const plain = { node, inner, stray: [] };
  if (options.labelled === 'no' || folders.length === 0)
    return { ...plain, files: imagesIn(node), classes: null };
  const classed = folders.reduce((sum, { count }) => sum + count, 0);
  if (options.labelled === 'auto' && inner.own.length > classed) {
    throw new AncError('ANC_DATA_MIXED', `${join(folder, inner.path)}: images beside class folders.`, {
      expected: 'images in class folders, or none of them',
      received: `${inner.own.length} images beside ${folders.length} folders with ${classed}`,
      // eslint-disable-next-line anc/vocabulary -- the option's name
      hint: 'image-folder(labelled=no) takes all of them without labels, image-folder(labelled=yes) those in the folders alone.',
    });
  }
  const pairs = folders
    .flatMap((one) => imagesIn(one).map((file) => ({ file, name: one.name })))
    .sort((a, b) => byCodeUnits(a.file.path, b.file.path));
  return {
    ...plain,
    files: pairs.map(({ file }) => file),
    classes: pairs.map(({ name }) => name),
    stray: inner.own.map(({ path }) => path),
  };
}

/**
 * The classes of the training images; without labels there, those of the others. A test set may lack classes; a class
 * that only the test set has cannot be learned.
 */
function classesOf(
  sections: Partial<Record<SplitRole, Section>>,
  order: ReadingOptions['classOrder'],
  folder: string,
): string[] {
  const namesOf = (section: Section | undefined): string[] => [...new Set(section?.classes)];
  const { train, validation, test } = sections;
  const learned = namesOf(train);
  for (const section of [test, validation]) {
    const names = namesOf(section);
    const unknown = names[matchNames(names, learned).indexOf(-1)];
    if (learned.length === 0 || unknown === undefined) continue;
    throw corrupt(
      join(folder, section!.inner.path, unknown),
      'a class folder that the training set does not have',
      learned.slice(0, 10).join(', '),
      unknown,
      'use the same class folders in both splits.',
    );
  }
  const union = [...namesOf(test)];
  const more = namesOf(validation);
  const among = matchNames(more, union);
  union.push(...more.filter((_, i) => among[i] === -1));
  return (learned.length > 0 ? learned : union).sort(order === 'text' ? byCodeUnits : naturalOrder);
}

/** Names as `classes` spells them. */
function canonical(names: readonly string[], classes: readonly string[]): string[] {
  const different = [...new Set(names)];
  const matched = matchNames(different, classes);
  const spelled = new Map(different.map((name, i) => [name, classes[matched[i]!]!]));
  return names.map((name) => spelled.get(name)!);
}
