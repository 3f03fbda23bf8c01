import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AncError, isAncError, type PublishedFile } from '@anc/core';
import { findFile } from '../files/locate.js';
import { verifyFile } from '../files/verified-file.js';
import { downloadFile, type DownloadOptions } from './download-file.js';

/** Options of `fetchFiles`. */
export interface FetchOptions extends Omit<DownloadOptions, 'progress'> {
  /** Folders besides `folder` that may have a file already. */
  readonly places?: readonly string[];
  /** Address of a mirror that is tried first: a server with files of these names. */
  readonly mirror?: string | null;
  /** Download a damaged file in `folder` again, instead of throwing. */
  readonly replaceDamaged?: boolean;
  /** Called as bytes arrive: the file's name, bytes received, and its size in bytes where the server reports it. */
  readonly progress?: (file: string, received: number, total: number | null) => void;
}

/** Path of a file, and whether it was downloaded. */
export interface FetchedFile {
  /** Name of the file, without a folder. */
  readonly name: string;
  /** Path of the file. */
  readonly path: string;
  /** Whether it was there, was downloaded, or replaced a damaged one. */
  readonly was: 'there' | 'fetched' | 'damaged, fetched again';
}

/**
 * Downloads published files to `folder`, one after the other. Existing ones are verified and kept.
 *
 * @throws like `downloadFile`, and `ANC_DATA_CORRUPT` for a damaged file unless `replaceDamaged` is set.
 */
export async function fetchFiles(
  files: readonly PublishedFile[],
  folder: string,
  { places = [], mirror = null, replaceDamaged = false, progress, ...options }: FetchOptions = {},
): Promise<FetchedFile[]> {
  const fetched: FetchedFile[] = [];
  for (const file of files) {
    const { name } = file;
    const present = findFile([folder, ...places], [name]);
    const mayReplace = replaceDamaged && present === join(folder, name);
    if (present !== null && (await isVerified(present, file.md5, mayReplace))) {
      fetched.push({ name, path: present, was: 'there' });
      continue;
    }
    const path = join(folder, name);
    const damaged = existsSync(path);
    const urls = mirror === null ? file.urls : [`${mirror.replace(/\/+$/, '')}/${name}`, ...file.urls];
    await downloadFile({ ...file, urls }, path, {
      ...options,
      ...(progress && { progress: (received, total) => progress(name, received, total) }),
    });
    fetched.push({ name, path, was: damaged ? 'damaged, fetched again' : 'fetched' });
  }
  return fetched;
}

async function isVerified(path: string, md5: string, mayReplace: boolean): Promise<boolean> {
  try {
    await verifyFile(path, md5);
    return true;
  } catch (error) {
    if (mayReplace && isAncError(error) && error.code === 'ANC_DATA_CORRUPT') return false;
    throw error;
  }
}

/** `ANC_DATA_MISSING` for offline use: names the missing files, their addresses, and the paths to put them. */
export function offlineError(
  dataset: string,
  files: readonly PublishedFile[],
  folder: string,
  places: readonly string[],
): AncError {
  const absent = files.filter(({ name }) => findFile([folder, ...places], [name]) === null);
  return new AncError('ANC_DATA_MISSING', `${dataset}: files are missing, and downloading is off.`, {
    expected: absent
      .map(({ name, urls, md5 }) => `${join(folder, name)}  (from ${urls[0]}, MD5 ${md5})`)
      .join('\n            '),
    received: 'offline',
    hint: 'put the files there, set their folder with --data-dir or ANC_DATA_DIR, or omit --offline.',
  });
}
