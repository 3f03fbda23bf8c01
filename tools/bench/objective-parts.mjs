import methods from '@anc/methods';

/** The parts of an objective by name, as a method asks for them. */
export const objectiveParts = Object.fromEntries(
  ['discriminator', 'regularizer', 'dataTerm', 'adversarialLoss', 'balancer'].map((kind) => [
    kind,
    (name, options = {}) => {
      const contribution = methods()[kind === 'adversarialLoss' ? 'adversarialLosses' : `${kind}s`][name];
      return contribution.create(contribution.options.parse(options));
    },
  ]),
);
