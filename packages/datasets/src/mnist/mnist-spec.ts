import type { IdxSpec } from './idx-dataset.js';

/** Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 60,000 + 10,000 gray images of clothing, MIT license. */
export const fashionMnistSpec: IdxSpec = {
  name: 'fashion-mnist',
  folders: ['fashion-mnist', 'FashionMNIST/raw'],
  classes: [
    'T-shirt/top',
    'trouser',
    'pullover',
    'dress',
    'coat',
    'sandal',
    'shirt',
    'sneaker',
    'bag',
    'ankle boot',
  ],
  shape: [28, 28, 1],
  splits: {
    train: {
      count: 60_000,
      images: {
        name: 'train-images-idx3-ubyte.gz',
        md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
        unpackedMd5: 'f4a8712d7a061bf5bd6d2ca38dc4d50a',
      },
      labels: {
        name: 'train-labels-idx1-ubyte.gz',
        md5: '25c81989df183df01b3e8a0aad5dffbe',
        unpackedMd5: '9018921c3c673c538a1fc5bad174d6f9',
      },
    },
    test: {
      count: 10_000,
      images: {
        name: 't10k-images-idx3-ubyte.gz',
        md5: 'bef4ecab320f06d8554ea6380940ec79',
        unpackedMd5: '8181f5470baa50b63fa0f6fddb340f0a',
      },
      labels: {
        name: 't10k-labels-idx1-ubyte.gz',
        md5: 'bb300cfdad3c16e7a12a480ee83cd310',
        unpackedMd5: '15d484375f8d13e6eb1aabb0c3f46965',
      },
    },
  },
};

/** MNIST (LeCun, Cortes, Burges 1998): 60,000 + 10,000 handwritten digits. */
export const mnistSpec: IdxSpec = {
  name: 'mnist',
  folders: ['mnist', 'MNIST/raw'],
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  shape: [28, 28, 1],
  splits: {
    train: {
      count: 60_000,
      images: {
        name: 'train-images-idx3-ubyte.gz',
        md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
        unpackedMd5: '6bbc9ace898e44ae57da46a324031adb',
      },
      labels: {
        name: 'train-labels-idx1-ubyte.gz',
        md5: 'd53e105ee54ea40749a09fcbcd1e9432',
        unpackedMd5: 'a25bea736e30d166cdddb491f175f624',
      },
    },
    test: {
      count: 10_000,
      images: {
        name: 't10k-images-idx3-ubyte.gz',
        md5: '9fb629c4189551a2d022fa330f9573f3',
        unpackedMd5: '2646ac647ad5339dbf082846283269ea',
      },
      labels: {
        name: 't10k-labels-idx1-ubyte.gz',
        md5: 'ec29112dd5afa0611ce80d1b7f02629c',
        unpackedMd5: '27ae3e4e09519cfbb04c329615203637',
      },
    },
  },
};
