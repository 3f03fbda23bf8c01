import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AncError, isAncError, type PublishedFile } from '@anc/core';
import { findFile } from '../files/locate.js';
import { verifyFile } from '../files/verified-file.js';
import { downloadFile, type DownloadOptions } from './download-file.js';

export interface FetchOptions extends Omit<DownloadOptions, 'progress'> {
  /** Folders besides `folder` where a file may lie already. */
  readonly places?: readonly string[];
  /** An address that is asked first: a server of one's own that has files of these names. */
  readonly mirror?: string | null;
  /** Fetch a file anew that lies in `folder` with other bytes, instead of refusing it. */
  readonly replaceDamaged?: boolean;
  readonly progress?: (file: string, received: number, total: number | null) => void;
}

/** What became of a file, and where it is. */
export interface FetchedFile {
  readonly name: string;
  readonly path: string;
  readonly was: 'there' | 'fetched' | 'damaged, fetched again';
}

/**
 * Brings published files into `folder`, one after the other; those that are there already are checked, once, and
 * kept. Throws like `downloadFile`, and `ANC_DATA_CORRUPT` for a damaged file that is not to be replaced.
 */
export async function fetchFiles(
  files: readonly PublishedFile[],
  folder: string,
  { places = [], mirror = null, replaceDamaged = false, progress, ...options }: FetchOptions = {},
): Promise<FetchedFile[]> {
  const fetched: FetchedFile[] = [];
  for (const file of files) {
    const { name } = file;
    const there = findFile([folder, ...places], [name]);
    const mayReplace = replaceDamaged && there === join(folder, name);
    if (there !== null && (await isWhole(there, file.md5, mayReplace))) {
      fetched.push({ name, path: there, was: 'there' });
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

async function isWhole(path: string, md5: string, mayReplace: boolean): Promise<boolean> {
  try {
    await verifyFile(path, md5);
    return true;
  } catch (error) {
    if (mayReplace && isAncError(error) && error.code === 'ANC_DATA_CORRUPT') return false;
    throw error;
  }
}

/** Where nothing may be fetched: says which files to get, from where, and where to put them. */
export function offlineError(
  dataset: string,
  files: readonly PublishedFile[],
  folder: string,
  places: readonly string[],
): AncError {
  const absent = files.filter(({ name }) => findFile([folder, ...places], [name]) === null);
  return new AncError('ANC_DATA_MISSING', `${dataset}: files are missing, and nothing may be downloaded.`, {
    expected: absent
      .map(({ name, urls, md5 }) => `${join(folder, name)}  (from ${urls[0]}, MD5 ${md5})`)
      .join('\n            '),
    received: 'offline',
    hint: 'put the files there, say where they are with --data-dir or ANC_DATA_DIR, or leave out --offline.',
  });
}
