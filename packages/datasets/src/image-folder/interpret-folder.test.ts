import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isAncError, type AncError } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interpretFolder, type ReadingOptions } from './interpret-folder.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-interpret-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Creates files; `cat/3` stands for three images in that folder. */
async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    const [, folder, count] = /^(.*?)\/?(\d+)$/.exec(name) ?? [];
    const files =
      count === undefined ? [name] : Array.from({ length: Number(count) }, (_, i) => `${folder}/${i}.png`);
    for (const file of files) {
      await mkdir(dirname(join(dir, file)), { recursive: true });
      await writeFile(join(dir, file), 'x');
    }
  }
}
const defaults: ReadingOptions = {
  labelled: 'auto',
  splits: 'auto',
  classOrder: 'natural',
  testFraction: 0.2,
};
const read = async (options: Partial<ReadingOptions> = {}) =>
  interpretFolder(dir, { ...defaults, ...options }, 1);
async function errorOf(work: Promise<unknown>): Promise<AncError> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!isAncError(error)) throw new Error('no AncError', { cause: error });
  return error;
}
/** Folder, number of images and whether they are labeled, of each part. */
async function parts(options: Partial<ReadingOptions> = {}) {
  const { interpretation, classes } = await read(options);
  const described = Object.entries(interpretation.parts).map(
    ([role, { folder, images, labeled, heldOut }]) =>
      `${role}: ${heldOut ? 'held out' : folder} ${images}${labeled ? '' : ' unlabeled'}`,
  );
  return { classes: classes.join(), parts: described };
}

describe('split folders', () => {
  it.each([
    ['train', 'valid'],
    ['train', 'validation'],
    ['Train', 'Val'],
    ['TRAINING', 'dev'],
    ['training_set', 'eval'],
    ['train2017', 'val2017'],
  ])('%s and %s: the second is measured', async (train, valid) => {
    await put(`${train}/cat/4`, `${train}/dog/4`, `${valid}/cat/2`, `${valid}/dog/1`);
    expect(await parts()).toEqual({ classes: 'cat,dog', parts: [`train: ${train} 8`, `test: ${valid} 3`] });
    expect((await read()).interpretation.remarks.join()).toContain(`There is no test folder, so ${valid}/`);
  });

  it.each([
    ['train', 'test'],
    ['Training', 'Testing'],
    ['trainSet', 'testSet'],
    ['seg_train', 'seg_test'],
    ['train', 'test1'],
  ])('%s and %s', async (train, test) => {
    await put(`${train}/cat/4`, `${train}/dog/4`, `${test}/cat/2`, `${test}/dog/1`);
    expect(await parts()).toEqual({ classes: 'cat,dog', parts: [`train: ${train} 8`, `test: ${test} 3`] });
    expect((await read()).interpretation.remarks).toEqual([]);
  });

  it('reads three as training, validation and test', async () => {
    await put('train/cat/3', 'train/dog/3', 'valid/cat/2', 'valid/dog/2', 'test/cat/1', 'test/dog/1');
    expect((await parts()).parts).toEqual(['train: train 6', 'test: test 2', 'validation: valid 4']);
  });

  it('reads dev and eval beside train as validation and test', async () => {
    await put('train/cat/3', 'train/dog/3', 'dev/cat/2', 'eval/dog/1');
    expect((await parts()).parts).toEqual(['train: train 6', 'test: eval 1', 'validation: dev 2']);
  });

  it('holds a part out of train alone', async () => {
    await put('train/cat/5', 'train/dog/5');
    expect(await parts()).toEqual({ classes: 'cat,dog', parts: ['train: train 8', 'test: held out 2'] });
  });

  it('finds them inside of wrappers, beside what archives leave', async () => {
    await put('set/data/train/cat/4', 'set/data/train/dog/4', 'set/data/test/cat/1', '__MACOSX/set/._x.png');
    expect((await parts()).parts).toEqual(['train: set/data/train 8', 'test: set/data/test 1']);
  });

  it('finds classes inside of a wrapper in each split', async () => {
    await put('train/train/cat/4', 'train/train/dog/4', 'test/test/cat/1');
    expect(await parts()).toEqual({ classes: 'cat,dog', parts: ['train: train 8', 'test: test 1'] });
  });

  it('reads split folders in each class', async () => {
    await put('cat/train/4', 'cat/test/1', 'dog/train/3', 'dog/test/2');
    expect((await parts()).classes).toBe('cat,dog');
    const { parts: found } = await read();
    expect([found.train!.classes!.length, found.test!.classes!.join()]).toEqual([7, 'cat,dog,dog']);
  });

  it('reads test and validation images without training images', async () => {
    await put('val/cat/2', 'val/dog/2');
    expect(await parts()).toEqual({ classes: 'cat,dog', parts: ['test: val 4'] });
  });

  it('spells classes as the training images do', async () => {
    await put('train/Great_Dane/2', 'train/pug/2', 'test/great dane/1', 'test/Pug/1');
    expect((await read()).parts.test!.classes).toEqual(['pug', 'Great_Dane']);
  });

  it('refuses a class that only the test images have', async () => {
    await put('train/a/1', 'test/z/1');
    expect((await errorOf(read())).message).toMatch(/z: a class folder/);
  });

  it.each([[['car', 'bus', 'test']], [['cat', 'dev']], [['train', 'car', 'bus']]])(
    'takes %j for classes where each holds images',
    async (names) => {
      await put(...names.map((name) => `${name}/5`));
      expect((await parts()).classes).toBe(names.toSorted().join());
    },
  );

  it('takes test for a split where it repeats the classes beside it', async () => {
    await put('car/5', 'train/5', 'test/car/1', 'test/train/2');
    expect(await parts()).toEqual({ classes: 'car,train', parts: ['train:  10', 'test: test 3'] });
  });

  it('takes every folder for a class on request', async () => {
    await put('train/5', 'test/5');
    expect((await parts({ splits: 'no' })).classes).toBe('test,train');
  });

  it('says which folders beside the splits are not used', async () => {
    await put('train/cat/4', 'train/dog/4', 'test/cat/1', 'extra/7');
    expect((await read()).interpretation.remarks).toEqual([
      'Folders beside the splits are not used: extra/ (7).',
    ]);
  });
});

describe('labels', () => {
  it.each([
    ['train/9', 'train'],
    ['/9', ''],
  ])('come from test where %s has none', async (images, folder) => {
    await put(images.replace(/^\//, './'), 'test/cat/2', 'test/dog/1');
    expect(await parts()).toEqual({
      classes: 'cat,dog',
      parts: [`train: ${folder} 9 unlabeled`, 'test: test 3'],
    });
  });

  it('stay where an image lies beside the class folders, which is named', async () => {
    await put('cat/5', 'dog/5', 'sheet.png');
    expect((await parts()).parts).toEqual(['train:  8', 'test: held out 2']);
    expect((await read()).interpretation.remarks[0]).toMatch(/1 image lies .* is not used: sheet.png/);
  });

  it('stay where an image lies beside a wrapper', async () => {
    await put('data/train/cat/9', 'data/train/dog/9', 'data/test/cat/2', 'preview.png');
    expect((await parts()).parts).toEqual(['train: data/train 18', 'test: data/test 2']);
    expect((await read()).interpretation.remarks[0]).toContain('not used: preview.png');
  });

  it('are asked for where most images are beside the class folders', async () => {
    await put('cat/2', 'dog/2', './9');
    expect((await errorOf(read())).code).toBe('ANC_DATA_MIXED');
    expect((await parts({ labelled: 'no' })).parts[0]).toBe('train:  10 unlabeled');
    expect((await parts({ labelled: 'yes' })).parts[0]).toBe('train:  3');
  });

  it('are not there for images in one folder that is no class', async () => {
    await put('images/10');
    expect(await parts()).toEqual({
      classes: '',
      parts: ['train: images 8 unlabeled', 'test: held out 2 unlabeled'],
    });
  });

  it('are of one class where there is one, and that is said', async () => {
    await put('cat/10');
    expect((await parts()).classes).toBe('cat');
    expect((await read()).interpretation.remarks[0]).toContain('one class only ("cat")');
  });

  it('sort numbers as numbers, or as text on request', async () => {
    await put('1/2', '2/2', '10/2', '11/2');
    expect((await parts()).classes).toBe('1,2,10,11');
    expect((await parts({ classOrder: 'text' })).classes).toBe('1,10,11,2');
  });
});

describe('holding images out', () => {
  it('leaves an image of every class in training', async () => {
    await put(...Array.from({ length: 200 }, (_, i) => `c${i}/2`));
    const { parts: found, classes } = await read({ testFraction: 0.5 });
    expect(new Set(found.train!.classes).size).toBe(classes.length);
    expect(found.train!.files.length + found.test!.files.length).toBe(400);
    expect(found.test!.files.length).toBeGreaterThan(100);
  });

  it('names the cause where it cannot', async () => {
    await put('a/1', 'b/1', 'c/1', 'd/1', 'e/1');
    const error = await errorOf(read());
    expect(error.code).toBe('ANC_DATA_TOO_FEW');
    expect(error.describe()).toContain('each the only one of its class');
  });
});

describe('what is left out', () => {
  it('is counted by folder and kind', async () => {
    await put('cat/5', 'dog/5', 'cat/a.heic', 'cat/b.HEIC', 'cat/c.txt', 'fox/d.heic', 'README.md');
    expect((await read()).interpretation.remarks).toEqual([
      'Folders without images: fox.',
      expect.stringMatching(/^Files .* not used: 1 .md; cat\/: 2 .heic, 1 .txt; fox\/: 1 .heic\.$/),
    ]);
  });

  it('is not what systems put beside pictures', async () => {
    await put(
      'cat/5',
      'dog/5',
      'cat/@eaDir/1.png',
      '.ipynb_checkpoints/1.png',
      'cat/Thumbs.db',
      'dog/.x.png',
    );
    expect((await read()).interpretation.remarks).toEqual([]);
    expect((await parts()).classes).toBe('cat,dog');
  });

  it('are links that lead nowhere or back; others are followed', async () => {
    await put('real/cat/3', 'real/one.png', 'set/dog/4');
    const at = (path: string): string => join(dir, 'set', path);
    await symlink(join(dir, 'real/cat'), at('cat'));
    await symlink(join(dir, 'real/one.png'), at('dog/linked.png'));
    await symlink(at('dog'), at('dog/again'));
    await symlink(dir, at('up'));
    await symlink(join(dir, 'none'), at('dog/none.png'));
    const { parts: found, interpretation } = await interpretFolder(
      at(''),
      { ...defaults, testFraction: 0.3 },
      1,
    );
    expect(found.train!.files.length + found.test!.files.length).toBe(8);
    expect(interpretation.classes).toEqual(['cat', 'dog']);
    expect(interpretation.remarks[0]).toMatch(
      /^Left out: dog\/again \(a link back .*\), dog\/none.png \(a link that leads nowhere.*, up \(a link back/,
    );
  });

  it.runIf(process.platform !== 'win32')('is a socket or pipe, which is never opened', async () => {
    await put('cat/5', 'dog/5');
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(dir, 'cat/pipe.png'), done));
    try {
      expect((await read()).interpretation.remarks).toEqual([
        'Left out: cat/pipe.png (a pipe, socket or device).',
      ]);
    } finally {
      await new Promise((done) => server.close(done));
    }
  });

  it('does not multiply where links lead to links', async () => {
    await put('d9/1');
    for (let i = 8; i >= 0; i--) {
      await mkdir(join(dir, `d${i}`));
      for (const name of ['a', 'b', 'c', 'd'])
        await symlink(join(dir, `d${i + 1}`), join(dir, `d${i}`, name));
    }
    const { parts: found } = await read();
    expect(found.train!.files.length + found.test!.files.length).toBeLessThan(500);
  });
});
