import { filled, type FolderNode } from './folder-tree.js';
import type { FoundSplits } from './find-splits.js';
import type { DescribedPart } from './interpret-folder.js';
import { IMAGE_FORMATS, type FolderListing } from './list-images.js';
import type { SplitRole } from './split-names.js';

interface About {
  readonly folder: string;
  readonly found: FoundSplits;
  readonly listing: FolderListing;
  readonly classes: readonly string[];
  readonly parts: Readonly<Partial<Record<SplitRole, DescribedPart>>>;
  readonly sections: Readonly<
    Partial<Record<SplitRole, { readonly inner: FolderNode; readonly stray: readonly string[] }>>
  >;
  /** Images that stayed in training because each is the last one of its class. */
  readonly kept: number;
}

/** How a folder was read, as one sentence. */
export function summaryOf({ folder, found, classes, parts }: About): string {
  const { train, validation, test } = parts;
  const count = (n: number): string => `${n} image${n === 1 ? '' : 's'}`;
  const one = (what: string, part: DescribedPart | undefined): string[] => {
    if (part === undefined) return [];
    const own = part.labeled ? 'in its class folders' : 'directly in it';
    const place = part.folder === '' ? own : `in ${part.folder}/`;
    const where = part.heldOut ? 'held out' : found.layout === 'class-first' ? '' : place;
    return [`${what} ${count(part.images)}${where === '' ? '' : ` ${where}`}${labels(part)}`];
  };
  const labeled = Object.values(parts).map((part) => part.labeled);
  const mixed = labeled.includes(true) && labeled.includes(false);
  const labels = ({ labeled: own }: DescribedPart): string =>
    mixed ? (own ? ' (labeled)' : ' (no labels)') : '';
  const named = `${classes.length} class${classes.length === 1 ? '' : 'es'} by folder: ${listed(classes, 12)}`;
  return [
    `${folder} is read as: `,
    [
      ...one('training', train),
      ...one('validation', validation),
      ...one('test', test),
      ...(train === undefined ? ['no training images'] : []),
    ].join(', '),
    `; ${classes.length === 0 ? 'no labels' : named}.`,
    ...(found.layout === 'class-first' ? [' Each class has its own split folders.'] : []),
  ].join('');
}

/** What was left out, or may be a mistake. */
export function remarksOf({ found, listing, classes, parts, sections, kept }: About): string[] {
  const { others, skipped, folders } = listing;
  const outside = found.outside.map(({ path }) => path);
  const stray = [...outside, ...Object.values(sections).flatMap((section) => section.stray)];
  const asTest = sections.validation !== undefined && sections.test === undefined;
  const empty = emptyFolders(found, sections, folders);
  return [
    ...(asTest
      ? [`There is no test folder, so ${parts.test!.folder}/ is what is measured, and not used for choices.`]
      : []),
    ...(parts.train?.labeled === true && parts.test?.labeled === false
      ? [`${parts.test.folder}/ has no class folders, so there is no test error: agreement is measured.`]
      : []),
    ...(classes.length === 1
      ? [
          `There is one class only ("${classes[0]}"): images next to each other in one folder have the same label.`,
        ]
      : []),
    ...(stray.length > 0
      ? [
          `${plural(stray.length, 'image lies', 'images lie')} beside the class folders and ${stray.length === 1 ? 'is' : 'are'} not used: ${listed(stray)}.`,
        ]
      : []),
    ...(found.beside.length > 0
      ? [
          `Folders beside the splits are not used: ${listed(found.beside.map(({ path, count }) => `${path}/ (${count})`))}.`,
        ]
      : []),
    ...(found.layout !== 'one' && found.base.own.length > 0 && !usesOwn(found)
      ? [`Images beside the splits are not used: ${listed(found.base.own.map(({ path }) => path))}.`]
      : []),
    ...(empty.length > 0 ? [`Folders without images: ${listed(empty)}.`] : []),
    ...unsupported(others),
    ...(skipped.length > 0
      ? [`Left out: ${listed(skipped.map(({ path, reason }) => `${path} (${reason})`))}.`]
      : []),
    ...(kept > 0
      ? [
          `${plural(kept, 'image', 'images')} fewer than asked are held out, so that every class keeps one for training.`,
        ]
      : []),
  ];
}

const usesOwn = ({ base, splits }: FoundSplits): boolean => splits.train?.path === base.path;

/** Class and split folders in which there is no image. */
function emptyFolders(
  { base }: FoundSplits,
  sections: About['sections'],
  folders: readonly string[],
): string[] {
  const parents = [base, ...Object.values(sections).map(({ inner }) => inner)];
  const used = new Set(parents.flatMap((node) => filled(node).map(({ path }) => path)));
  const expected = new Set(parents.map(({ path }) => path));
  return folders.filter((path) => {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return expected.has(parent) && !used.has(path) && !expected.has(path);
  });
}

/** Files that are no images this program reads, counted by folder and kind. */
function unsupported(others: readonly string[]): string[] {
  const byFolder = new Map<string, Map<string, number>>();
  for (const path of others) {
    const [, folder, name] = /^(?:(.*)\/)?([^/]*)$/.exec(path)!;
    const kind = /.\.[^.]+$/.test(name!) ? name!.slice(name!.lastIndexOf('.')).toLowerCase() : 'no extension';
    const kinds = byFolder.get(folder ?? '') ?? new Map<string, number>();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    byFolder.set(folder ?? '', kinds);
  }
  if (byFolder.size === 0) return [];
  const lines = [...byFolder].map(([folder, kinds]) => {
    const counts = [...kinds].map(([kind, n]) => `${n} ${kind}`).join(', ');
    return folder === '' ? counts : `${folder}/: ${counts}`;
  });
  return [`Files that are not ${IMAGE_FORMATS} are not used: ${listed(lines, 10, '; ')}.`];
}

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/** The first of a list, and how many more there are. */
export const listed = (items: readonly string[], most = 5, separator = ', '): string =>
  items.slice(0, most).join(separator) +
  (items.length > most ? `${separator}and ${items.length - most} more` : '');
