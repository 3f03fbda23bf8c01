import type { FolderListing, FoundImage } from './list-images.js';

/** A folder with its images and the folders in it. */
export interface FolderNode {
  /** Relative to the listed folder; empty for that folder itself. */
  readonly path: string;
  readonly name: string;
  /** Images directly in it. */
  readonly own: readonly FoundImage[];
  readonly children: readonly FolderNode[];
  /** Images in it and below it. */
  readonly count: number;
}

/** The folders of a listing as a tree. */
export function folderTree({ images, folders }: Pick<FolderListing, 'images' | 'folders'>): FolderNode {
  const own = new Map<string, FoundImage[]>([['', []]]);
  const inner = new Map<string, string[]>([['', []]]);
  for (const path of folders) {
    own.set(path, []);
    inner.set(path, []);
    inner.get(parentOf(path))!.push(path);
  }
  for (const image of images) own.get(parentOf(image.path))!.push(image);
  const node = (path: string): FolderNode => {
    const children = inner.get(path)!.map(node);
    const mine = own.get(path)!;
    const count = children.reduce((sum, child) => sum + child.count, mine.length);
    return { path, name: path.slice(path.lastIndexOf('/') + 1), own: mine, children, count };
  };
  return node('');
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The folders in a folder that have images somewhere. */
export const filled = ({ children }: FolderNode): FolderNode[] => children.filter(({ count }) => count > 0);

/** All images in a folder and below it, sorted by path. */
export function imagesIn({ own, children }: FolderNode): FoundImage[] {
  const all = [...own, ...children.flatMap(imagesIn)];
  return all.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names of folders that say that they hold images, and nothing about a class. */
const GENERIC = /^(images?|imgs?|pictures?|photos?|pics|jpe?gs?|pngs?|data|raw|all|files|unlabell?ed)$/i;

/** The only folder with images in a folder that has no others, where it is a wrapper and not a class. */
export function wrapped(node: FolderNode): FolderNode | null {
  const [only, ...more] = filled(node);
  if (only === undefined || more.length > 0 || node.own.length > 0) return null;
  return only.own.length === 0 || GENERIC.test(only.name) ? only : null;
}

/** What is inside of all wrappers. */
export function unwrapped(node: FolderNode): FolderNode {
  const inner = wrapped(node);
  return inner === null ? node : unwrapped(inner);
}
