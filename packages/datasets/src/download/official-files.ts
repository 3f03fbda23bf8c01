import type { PublishedFile } from '@anc/core';
import { cifar100Spec, cifar10Spec, type CifarSpec } from '../cifar/cifar-spec.js';
import type { IdxSpec } from '../mnist/idx-dataset.js';
import { fashionMnistSpec, mnistSpec } from '../mnist/mnist-spec.js';
import { SVHN_FILES } from '../svhn/svhn-spec.js';

const MIB = 2 ** 20;

const idxFiles = (spec: IdxSpec, roots: readonly string[]): PublishedFile[] =>
  Object.values(spec.splits)
    .flatMap(({ images, labels }) => [images, labels])
    .map(({ name, md5 }) => ({
      name,
      md5: md5!,
      mostBytes: 32 * MIB,
      urls: roots.map((root) => root + name),
    }));

const cifarFiles = (spec: CifarSpec, mirrors: readonly string[]): PublishedFile[] =>
  spec.layouts
    .filter(({ format }) => format === 'binary')
    .map(({ archive: { name, md5 } }) => ({
      name,
      md5: md5!,
      mostBytes: 192 * MIB,
      urls: ['https://www.cs.toronto.edu/~kriz/', ...mirrors].map((root) => root + name),
    }));

const svhnFile = (part: keyof typeof SVHN_FILES): PublishedFile => {
  const { name, md5 } = SVHN_FILES[part];
  return {
    name,
    md5,
    mostBytes: (part === 'extra' ? 1536 : 192) * MIB,
    urls: [`http://ufldl.stanford.edu/housenumbers/${name}`],
  };
};

const MINDSPORE = 'https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/';

/** Addresses as the datasets' authors give them; public mirrors of the same bytes after the first. */
export const publishedFiles = {
  'fashion-mnist': () =>
    idxFiles(fashionMnistSpec, [
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
      'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
    ]),
  mnist: () =>
    idxFiles(mnistSpec, [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ]),
  cifar10: () =>
    cifarFiles(cifar10Spec, [
      'https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/',
      MINDSPORE,
    ]),
  cifar100: () => cifarFiles(cifar100Spec('fine'), [MINDSPORE]),
  svhn: ({ extra }: { readonly extra: boolean }) => [
    svhnFile('train'),
    svhnFile('test'),
    ...(extra ? [svhnFile('extra')] : []),
  ],
} satisfies Record<string, (options: never) => readonly PublishedFile[]>;
