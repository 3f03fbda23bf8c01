import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AncError } from '@anc/core';
import { cifar100Spec, cifar10Spec, type CifarSpec } from '../cifar/cifar-spec.js';
import type { IdxSpec } from '../idx-dataset.js';
import { cacheDir } from '../locate.js';
import { fashionMnistSpec, mnistSpec } from '../mnist.js';
import { SVHN_FILES } from '../svhn/svhn.js';
import { verifyFile } from '../verified-file.js';
import { downloadFile, type DownloadOptions, type RemoteFile } from './download-file.js';

/** A published file of a dataset. */
export interface OfficialDownload extends RemoteFile {
  readonly name: string;
}

const GIB = 2 ** 30;

const idxFiles = (spec: IdxSpec, roots: readonly string[]): OfficialDownload[] =>
  Object.values(spec.splits)
    .flatMap(({ images, labels }) => [images, labels])
    .map(({ name, md5 }) => ({ name, md5: md5!, mostBytes: GIB, urls: roots.map((root) => root + name) }));

const cifarFiles = (spec: CifarSpec): OfficialDownload[] =>
  spec.layouts
    .filter(({ format }) => format === 'binary')
    .map(({ archive: { name, md5 } }) => ({
      name,
      md5: md5!,
      mostBytes: GIB,
      urls: [`https://www.cs.toronto.edu/~kriz/${name}`],
    }));

/** Addresses as the datasets' authors, torchvision and TensorFlow Datasets give them; mirrors after the first. */
export const OFFICIAL_FILES: Readonly<Record<string, readonly OfficialDownload[]>> = {
  'fashion-mnist': idxFiles(fashionMnistSpec, [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
  ]),
  mnist: idxFiles(mnistSpec, [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ]),
  cifar10: cifarFiles(cifar10Spec),
  cifar100: cifarFiles(cifar100Spec('fine')),
  svhn: [SVHN_FILES.train, SVHN_FILES.test].map(({ name, md5 }) => ({
    name,
    md5,
    mostBytes: GIB,
    urls: [`http://ufldl.stanford.edu/housenumbers/${name}`],
  })),
};

/**
 * Brings a dataset's official files into `folder` (default: the cache), one after the other, and returns it. Files
 * that lie there already are checked and kept. Throws like `downloadFile`, and `ANC_DATA_NO_DOWNLOAD` for a
 * dataset that has no public address.
 */
export async function getDataset(
  name: string,
  options: DownloadOptions & {
    readonly folder?: string;
    readonly files?: readonly OfficialDownload[];
    /** Says which file the progress is about. */
    readonly started?: (file: string) => void;
  } = {},
): Promise<string> {
  const files = options.files ?? OFFICIAL_FILES[name];
  if (files === undefined) {
    throw new AncError('ANC_DATA_NO_DOWNLOAD', `"${name}" cannot be downloaded.`, {
      expected: Object.keys(OFFICIAL_FILES).join(', '),
      received: name,
      hint: 'get its files yourself and say where they are with --data-dir.',
    });
  }
  const folder = options.folder ?? join(cacheDir(), name);
  for (const file of files) {
    const path = join(folder, file.name);
    options.started?.(file.name);
    if (existsSync(path)) await verifyFile(path, file.md5);
    else await downloadFile(file, path, options);
  }
  return folder;
}
