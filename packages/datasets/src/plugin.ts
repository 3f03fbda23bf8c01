import { definePlugin, PLUGIN_API_VERSION, type DatasetEnvironment, type Plugin } from '@anc/core';
import type { z } from 'zod';
import { augmentations } from './augmentations/index.js';
import { publishedFiles } from './download/official-files.js';
import {
  cifar100Options,
  glyphsOptions,
  imageFolderOptions,
  imagenetOptions,
  noImagesOptions,
  noOptions,
  svhnOptions,
} from './options.js';

/**
 * Declares the datasets and augmentations of this package and their options. The code that reads a dataset is loaded when
 * it is created.
 */
export default function datasets(): Plugin {
  return definePlugin({
    name: '@anc/datasets',
    apiVersion: PLUGIN_API_VERSION,
    augmentations,
    datasets: {
      glyphs: {
        summary: 'ten generated stroke figures, 28×28 gray; needs no files',
        options: glyphsOptions,
        generated: true,
        create: async (options: z.output<typeof glyphsOptions>) =>
          new (await import('./glyphs/glyphs.js')).Glyphs(options),
      },
      none: {
        summary: 'no images, for methods that make them, such as data-free',
        options: noImagesOptions,
        generated: true,
        create: async (options: z.output<typeof noImagesOptions>) =>
          new (await import('./no-images/no-images.js')).NoImages(options),
      },
      'fashion-mnist': {
        summary: 'Fashion-MNIST: 60,000 + 10,000 images of clothing, 28×28 gray',
        options: noOptions,
        files: publishedFiles['fashion-mnist'],
        create: async (_options: unknown, { dataDir }: DatasetEnvironment) =>
          (await import('./mnist/mnist.js')).fashionMnist(dataDir),
      },
      mnist: {
        summary: 'MNIST: 60,000 + 10,000 handwritten digits, 28×28 gray',
        options: noOptions,
        files: publishedFiles.mnist,
        create: async (_options: unknown, { dataDir }: DatasetEnvironment) =>
          (await import('./mnist/mnist.js')).mnist(dataDir),
      },
      cifar10: {
        summary: 'CIFAR-10: 50,000 + 10,000 photographs of 10 classes, 32×32 color',
        options: noOptions,
        files: publishedFiles.cifar10,
        create: async (_options: unknown, { dataDir }: DatasetEnvironment) =>
          (await import('./cifar/cifar.js')).cifar10(dataDir),
      },
      cifar100: {
        summary: 'CIFAR-100: 50,000 + 10,000 photographs of 100 classes, 32×32 color',
        options: cifar100Options,
        files: publishedFiles.cifar100,
        create: async (options: z.output<typeof cifar100Options>, { dataDir }: DatasetEnvironment) =>
          (await import('./cifar/cifar.js')).cifar100(dataDir, options),
      },
      svhn: {
        summary: 'SVHN: 73,257 + 26,032 digits of house numbers (531,131 more with extra), 32×32 color',
        options: svhnOptions,
        files: publishedFiles.svhn,
        create: async (options: z.output<typeof svhnOptions>, { dataDir }: DatasetEnvironment) =>
          new (await import('./svhn/svhn.js')).Svhn(dataDir, options),
      },
      imagenet: {
        summary: 'ImageNet (ILSVRC 2012), decoded during training; needs sharp',
        options: imagenetOptions,
        create: async (options: z.output<typeof imagenetOptions>, { dataDir, seed }: DatasetEnvironment) =>
          (await import('./imagenet/imagenet.js')).ImageNet.open(options, dataDir, seed),
      },
      'image-folder': {
        summary:
          'your own images, labeled by folder or unlabeled: JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP; needs sharp',
        options: imageFolderOptions,
        create: async (options: z.output<typeof imageFolderOptions>, { dataDir, seed }: DatasetEnvironment) =>
          (await import('./image-folder/image-folder.js')).ImageFolder.open(options, dataDir, seed),
      },
    },
  });
}
