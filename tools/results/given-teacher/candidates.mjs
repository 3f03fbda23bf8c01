const affine = { name: 'affine', degrees: 15, translate: [0.1, 0.1], scale: [0.8, 1.2] };
const crop = { name: 'crop', pad: 2 };
const mixup = { name: 'mixup', alpha: 1 };

/** How pictures are changed, by name. */
export const changes = {
  plain: {},
  crop: { augment: [crop] },
  'crop-flip': { augment: [crop, 'flip'] },
  'crop-flip-mixup': { augment: [crop, 'flip', mixup] },
  mixup: { augment: [mixup] },
  affine: { augment: [affine] },
  'affine-flip': { augment: [affine, 'flip'] },
  'affine-flip-mixup': { augment: [affine, 'flip', mixup] },
  'affine-mixup': { augment: [affine, mixup] },
  strong: { augment: [affine, 'random-erasing', mixup] },
  'strong-flip': { augment: [affine, 'flip', 'random-erasing', mixup] },
};

const rated = (name, learningRate, options = {}) => ({
  name,
  options: { ...options, optimizer: { learningRate } },
});

/** What the student minimizes, by name; the rate of Adam is appended: `kd@0.004`. */
const terms = {
  kd: (rate) => rated('kd', rate),
  kd1: (rate) => rated('kd', rate, { temperature: 1 }),
  kd2: (rate) => rated('kd', rate, { temperature: 2 }),
  kd8: (rate) => rated('kd', rate, { temperature: 8 }),
  l1: (rate) => rated('few-images-alone', rate),
  l2c: (rate) => rated('few-images-alone', rate, { studentTerm: { name: 'l2', centered: true } }),
  l2: (rate) => rated('l2', rate),
};

/** The method of a name such as `kd@0.004`. */
export function methodOf(name) {
  const [term, rate] = name.split('@');
  return terms[term](Number(rate));
}

/** The pairs of teacher and pictures in words; `measured`: pictures that agreement is measured on. */
export const described = {
  fashion: {
    title: 'a published Fashion-MNIST classifier (ONNX, 914,698 parameters) to LeNet-5 (61,706)',
    measured: 2000,
  },
  cifar: {
    title:
      'a CIFAR-10 ResNet-20 (269,722 parameters), with pictures of CIFAR-100, to ResNet-8 of half the width (20,794)',
    measured: 1000,
  },
  glyphs: {
    title: 'a network that `run` trained on glyphs (441 k parameters) to the default student (33.8 k)',
    measured: 2000,
  },
};
