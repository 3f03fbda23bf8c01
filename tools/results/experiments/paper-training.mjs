/** A short training of ResNet-8 with labels, as the code that the paper names trains it but for what a part changes. */
const asTheCode = {
  dataset: 'cifar100',
  preset: 'paper',
  teacher: 'resnet(depth=8)',
  student: 'resnet(depth=8,momentum=0.997,initializer=lecun-normal)',
  'limit-train': '20000',
  epochs: '4',
  'teacher-epochs': '1',
  'batch-size': '64',
};

/** A short training of LeNet-5 with labels and the optimizer of the preset. */
const adam = {
  dataset: 'fashion-mnist',
  preset: 'paper',
  teacher: 'lenet5',
  student: 'lenet5',
  'limit-train': '20000',
  epochs: '6',
  'teacher-epochs': '1',
  'batch-size': '64',
};

/** What the training of the paper does otherwise than is usual. */
export const paperTraining = {
  'paper-resnet': {
    command: 'compare',
    title: 'CIFAR-100, ResNet-8: what the code that the paper names does differently',
    notes: [
      'The official ResNet code of 2018 decays every variable, averages batch norm with 0.997 and draws weights with a variance of 1/n. Each is changed alone to what is usual today, with the same images and seeds; the learning rate is the 0.001 of the paper, at which 1,248 updates are the start of a training.',
      'In this start the initial weights matter: with twice the variance the error is 0.94 ± 0.55 points higher. Which variables decay (+0.01 ± 0.02) and how batch norm averages (−0.02 ± 0.46) make no difference that can be measured. Times include pauses of the machine.',
    ],
    parts: [
      { name: 'as-the-code', title: 'As that code', options: asTheCode, methods: ['supervised'] },
      {
        name: 'weights',
        title: 'Weight decay on weights alone',
        minus: 'as-the-code',
        options: { ...asTheCode, 'decay-scope': 'weights' },
        methods: ['supervised'],
      },
      {
        name: 'average',
        title: 'Averages of batch norm with 0.9',
        minus: 'as-the-code',
        options: { ...asTheCode, student: 'resnet(depth=8,momentum=0.9,initializer=lecun-normal)' },
        methods: ['supervised'],
      },
      {
        name: 'initializer',
        title: 'Initial weights with a variance of 2/n (He)',
        minus: 'as-the-code',
        options: { ...asTheCode, student: 'resnet(depth=8,momentum=0.997,initializer=he-normal)' },
        methods: ['supervised'],
      },
    ],
  },
  'paper-adam': {
    command: 'compare',
    title: 'Fashion-MNIST, LeNet-5: L2 in the loss with Adam',
    notes: [
      'The code of the time adds weight decay to the loss, so that Adam divides it by the size of the gradients. What is usual today, decoupled decay (AdamW), has the same images and seeds. No difference can be measured: +0.49 ± 0.90 points.',
    ],
    parts: [
      { name: 'in-the-loss', title: 'L2 in the loss', options: adam, methods: ['supervised'] },
      {
        name: 'decoupled',
        title: 'Decoupled weight decay',
        minus: 'in-the-loss',
        options: { ...adam, 'decay-mode': 'decoupled' },
        methods: ['supervised'],
      },
    ],
  },
};
