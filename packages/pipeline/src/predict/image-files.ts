import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { IMAGE_FORMATS, listImages } from '@anc/datasets';

/** An image file. */
export interface ImageFile {
  /** As a person named it; for files of a folder: the folder's name with the path in it. */
  readonly name: string;
  /** From the root. */
  readonly path: string;
}

/**
 * The image files that paths, folders and patterns name, each once, in the order in which they are named. A folder stands
 * for all images below it. In patterns `*` and `?` match within a name, `**` matches folders, and `[…]` and `{a,b}` are
 * alternatives; a file of exactly that name comes first.
 *
 * @throws `ANC_DATA_MISSING` where nothing is there, `ANC_DATA_EMPTY` where a folder holds no image.
 */
export async function findImageFiles(named: readonly string[], cwd: string): Promise<ImageFile[]> {
  const found = new Map<string, ImageFile>();
  for (const name of named) {
    for (const file of await filesOf(name, cwd)) if (!found.has(file.path)) found.set(file.path, file);
  }
  return [...found.values()];
}

async function filesOf(name: string, cwd: string): Promise<ImageFile[]> {
  const path = resolve(cwd, name);
  const stats = await stat(path).catch(() => null);
  if (stats?.isFile() === true) return [{ name, path }];
  if (stats?.isDirectory() === true) return allBelow(name, path);
  const pattern = splitPattern(name);
  if (stats === null && pattern !== null) return matching(name, pattern, cwd);
  throw new AncError('ANC_DATA_MISSING', `"${name}" is no image.`, {
    expected: 'an image file, a folder of images, or a pattern such as "photos/*.jpg"',
    received: stats === null ? 'nothing is there' : 'a pipe, a socket or a device',
    hint: 'check the path; it is read relative to the working directory.',
  });
}

async function allBelow(name: string, path: string): Promise<ImageFile[]> {
  const images = await listImages(path);
  if (images.length > 0) {
    return images.map(({ path: inside }) => ({ name: join(name, inside), path: join(path, inside) }));
  }
  throw new AncError('ANC_DATA_EMPTY', `the folder "${name}" holds no images.`, {
    expected: `files named as ${IMAGE_FORMATS}`,
  });
}

interface Pattern {
  /** Folder that the pattern starts in, as it was named. */
  readonly folder: string;
  /** The rest, separated by `/`. */
  readonly rest: string;
}

const MAGIC = /[*?[\]{}]/;

/** A name with characters of a pattern, split before the first part that has one; null of other names. */
function splitPattern(name: string): Pattern | null {
  const parts = name.split('/');
  const first = parts.findIndex((part) => MAGIC.test(part));
  if (first === -1) return null;
  return { folder: parts.slice(0, first).join('/'), rest: parts.slice(first).join('/') };
}

async function matching(name: string, { folder, rest }: Pattern, cwd: string): Promise<ImageFile[]> {
  const start = folder === '' && name.startsWith('/') ? '/' : folder;
  const path = resolve(cwd, start);
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
  const expression = regularExpression(rest);
  const images = isFolder && expression !== null ? await listImages(path) : [];
  const files = images.filter(({ path: inside }) => expression!.test(inside));
  if (files.length > 0) {
    return files.map(({ path: inside }) => ({ name: join(start, inside), path: join(path, inside) }));
  }
  throw new AncError('ANC_DATA_MISSING', `no image matches "${name}".`, {
    expected: 'an image file, a folder of images, or a pattern such as "photos/*.jpg"',
    received: isFolder ? 'a pattern without a match' : `the folder "${start}" is not there`,
    hint: 'in patterns, * matches within one folder and ** any number of folders.',
  });
}

/** A pattern as a regular expression for whole paths; null where its brackets do not match. */
function regularExpression(pattern: string): RegExp | null {
  const parts: readonly (readonly [RegExp, (text: string) => string])[] = [
    [/^\*\*\//, () => '(?:.*/)?'],
    [/^\*\*/, () => '.*'],
    [/^\*/, () => '[^/]*'],
    [/^\?/, () => '[^/]'],
    [/^\[[!^]?[^\]]+\]/, (text) => text.replace(/^\[[!^]/, '[^').replaceAll('\\', '\\\\')],
    [/^\{/, () => '(?:'],
    [/^\}/, () => ')'],
    [/^,/, () => (depth > 0 ? '|' : ',')],
    [/^[^]/, (text) => text.replace(/[.+^$()|[\]\\]/, '\\$&')],
  ];
  let [source, rest, depth] = ['', pattern, 0];
  while (rest !== '') {
    const [form, write] = parts.find(([start]) => start.test(rest))!;
    const text = form.exec(rest)![0];
    source += write(text);
    depth += text === '{' ? 1 : text === '}' ? -1 : 0;
    rest = rest.slice(text.length);
  }
  try {
    return new RegExp(`^${source}$`, 'u');
  } catch {
    return null;
  }
}
