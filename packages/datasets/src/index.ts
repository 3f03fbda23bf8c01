export { createAugmentation, type AugmentationName } from './augmentations/index.js';
export { cifar10, cifar100 } from './cifar/cifar.js';
export { fetchFiles, offlineError, type FetchedFile, type FetchOptions } from './download/fetch-files.js';
export { cacheDir, searchPlaces } from './files/locate.js';
export { Glyphs } from './glyphs/glyphs.js';
export { folderSizes, type FolderSizes } from './image-folder/common-size.js';
export { decodeImage } from './image-folder/decode.js';
export { ImageFolder } from './image-folder/image-folder.js';
export {
  interpretWholeFolder,
  type FolderInterpretation,
  type FolderPart,
} from './image-folder/interpret-folder.js';
export { IMAGE_FORMATS, listImages, type FoundImage } from './image-folder/list-images.js';
export { ImageNet } from './imagenet/imagenet.js';
export { matchNames, naturalOrder } from './images/class-names.js';
export { FittedImages, type Fit } from './images/fitted-images.js';
export { MemoryImages, sharedBytes, type ImageShape } from './images/memory-images.js';
export { measureMeanImage, measureNormalization } from './images/normalization.js';
export { holdOut, limitSplit, subsetSplit } from './images/subset.js';
export { captionedContactSheet, type CaptionedImages } from './info/captioned-contact-sheet.js';
export {
  contactSheet,
  generatedSheet,
  thumbnails,
  viewsSheet,
  type Thumbnails,
} from './info/contact-sheet.js';
export { encodePng } from './info/encode-png.js';
export { describeDataset, type DatasetInfo, type SplitInfo } from './info/dataset-info.js';
export { fashionMnist, mnist } from './mnist/mnist.js';
export type { GlyphsOptions, ImageFolderOptions } from './options.js';
export { default } from './plugin.js';
export { recognizeFolder, type RecognizedFolder } from './recognize/recognize-folder.js';
export { Svhn } from './svhn/svhn.js';
export { AugmentedImages, type AugmentedImagesOptions } from './views/augmented-images.js';
