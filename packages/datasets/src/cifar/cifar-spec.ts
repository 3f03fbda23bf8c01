import type { SplitName } from '@anc/core';
import type { OfficialFile } from '../files/official-file.js';

/** One file of a split and how many images it holds. */
export interface CifarFile extends OfficialFile {
  readonly count: number;
}

/** One way in which a CIFAR dataset is published: an archive, the folder in it, its files. */
export interface CifarLayout {
  readonly format: 'binary' | 'python';
  readonly archive: OfficialFile;
  readonly folders: readonly string[];
  readonly splits: Readonly<Record<SplitName, readonly CifarFile[]>>;
}

export interface CifarSpec {
  readonly name: string;
  readonly classes: readonly string[];
  /** Label bytes per record of the binary layout, which one is used, and its key in the python layout. */
  readonly labelBytes: number;
  readonly label: number;
  readonly labelKey: string;
  readonly layouts: readonly CifarLayout[];
  /** Where a part of the test set may lie. */
  readonly sampleFolder: string;
}

const file = (name: string, count: number, md5: string | null = null): CifarFile => ({ name, count, md5 });

/** CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 photographs of ten classes, 32×32 colour. */
export const cifar10Spec: CifarSpec = {
  name: 'cifar10',
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  labelBytes: 1,
  label: 0,
  labelKey: 'labels',
  sampleFolder: 'cifar-10-sample',
  layouts: [
    {
      format: 'binary',
      archive: { name: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d87530' },
      folders: ['cifar-10-batches-bin', 'cifar-10-binary'],
      splits: {
        train: [1, 2, 3, 4, 5].map((i) => file(`data_batch_${i}.bin`, 10_000)),
        test: [file('test_batch.bin', 10_000)],
      },
    },
    {
      format: 'python',
      archive: { name: 'cifar-10-python.tar.gz', md5: 'c58f30108f718f92721af3b95e74349a' },
      folders: ['cifar-10-batches-py', 'cifar-10-python'],
      splits: {
        train: [
          file('data_batch_1', 10_000, 'c99cafc152244af753f735de768cd75f'),
          file('data_batch_2', 10_000, 'd4bba439e000b95fd0a9bffe97cbabec'),
          file('data_batch_3', 10_000, '54ebc095f3ab1f0389bbae665268c751'),
          file('data_batch_4', 10_000, '634d18415352ddfa80567beed471001a'),
          file('data_batch_5', 10_000, '482c414d41f54cd18b22e5b47cb7c3cb'),
        ],
        test: [file('test_batch', 10_000, '40351d587109b95175f43aff81a1287e')],
      },
    },
  ],
};

/** CIFAR-100's twenty coarse and hundred fine classes, in the order of their labels. */
const COARSE =
  'aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2';
const FINE =
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm';

/** CIFAR-100 (Krizhevsky 2009): 50,000 + 10,000 photographs of a hundred classes, or of their twenty groups. */
export const cifar100Spec = (labels: 'fine' | 'coarse'): CifarSpec => ({
  name: 'cifar100',
  classes: (labels === 'fine' ? FINE : COARSE).split(' '),
  labelBytes: 2,
  label: labels === 'fine' ? 1 : 0,
  labelKey: `${labels}_labels`,
  sampleFolder: 'cifar-100-sample',
  layouts: [
    {
      format: 'binary',
      archive: { name: 'cifar-100-binary.tar.gz', md5: '03b5dce01913d631647c71ecec9e9cb8' },
      folders: ['cifar-100-binary'],
      splits: {
        train: [file('train.bin', 50_000, '6172c7755cfe09b2fe270c85cebc1b15')],
        test: [file('test.bin', 10_000, '4499cfba6c016c1be1438163640a0898')],
      },
    },
    {
      format: 'python',
      archive: { name: 'cifar-100-python.tar.gz', md5: 'eb9058c3a382ffc7106e4002c42a8d85' },
      folders: ['cifar-100-python'],
      splits: {
        train: [file('train', 50_000, '16019d7e3df5f24257cddd939b257f8d')],
        test: [file('test', 10_000, 'f0ef6b0ae62326f3e7ffdfab6717acfc')],
      },
    },
  ],
});
