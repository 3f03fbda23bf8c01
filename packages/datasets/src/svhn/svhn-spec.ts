import type { OfficialFile } from '../files/official-file.js';

interface SvhnFile extends OfficialFile {
  readonly md5: string;
  readonly count: number;
}

/** SVHN's official files and their numbers of images. */
export const SVHN_FILES: Readonly<Record<'train' | 'test' | 'extra', SvhnFile>> = {
  train: { name: 'train_32x32.mat', md5: 'e26dedcc434d2e4c54c9b2d4a06d8373', count: 73_257 },
  test: { name: 'test_32x32.mat', md5: 'eb5a983be6a315427106f1b164d9cef3', count: 26_032 },
  extra: { name: 'extra_32x32.mat', md5: 'a93ce644f1a588dc4d68dda5feec44a7', count: 531_131 },
};
