import {
  AncError,
  mapTree,
  Method,
  modelNames,
  type ClassifierOutputs,
  type Contribution,
  type LabelUse,
  type MethodEnvironment,
  type Network,
  type Parts,
  type Phase,
  type Stage,
} from '@anc/core';
import { z } from 'zod';
import { withDeprecatedNames, type OptionsSchema } from '../options/index.js';
import { estimators, type Estimator, type EstimatorName } from './estimators.js';
import { isQuantized, quantized } from './quantized.js';

export const quantizeSchema = z
  .enum(['none', ...(Object.keys(estimators) as [EstimatorName, ...EstimatorName[]])])
  .default('none')
  .describe(
    "quantization of the student's weights to two or three values: none, ttq, binaryconnect, bwn or xnor",
  );

/** Trains a quantized student by any method. */
export class QuantizedMethod extends Method {
  readonly name: string;
  readonly labels: LabelUse;
  readonly needsTeacher: boolean;

  constructor(
    /** The method that trains the quantized student. */
    readonly inner: Method,
    /** How weights are quantized. */
    readonly estimator: Estimator,
  ) {
    super();
    this.name = inner.name;
    this.labels = inner.labels;
    this.needsTeacher = inner.needsTeacher;
  }

  override network(student: Network<ClassifierOutputs>): Network<ClassifierOutputs> {
    return quantized(this.inner.network(student), this.estimator);
  }

  /** @throws `ANC_QUANTIZE` if the student is not a network that `network()` made. */
  stages(environment: MethodEnvironment): readonly Stage[] {
    const { student, input } = environment;
    if (!isQuantized(student)) {
      throw new AncError('ANC_QUANTIZE', `${this.name} was given a student that is not quantized.`, {
        expected: "a network that the method's network() made",
        received: student.name,
      });
    }
    const covered = new Set(student.covered(input).map((name) => `${modelNames.student}/params/${name}`));
    return this.inner.stages(environment).map((stage) => ({
      ...stage,
      step: {
        ...stage.step,
        id: JSON.stringify(['quantized', this.estimator.name, stage.step.id]),
        phases: stage.step.phases.map((phase) => this.#projecting(phase, covered)),
      },
    }));
  }

  /** The phase, followed by the estimator's projection of the latent weights. */
  #projecting(phase: Phase, covered: ReadonlySet<string>): Phase {
    const { project } = this.estimator;
    if (project === undefined) return phase;
    return {
      name: phase.name,
      gradients: (state, batch, hyper, context) => phase.gradients(state, batch, hyper, context),
      update: (state, grads, hyper, means) =>
        mapTree(phase.update(state, grads, hyper, means), (leaf, name) =>
          covered.has(name) ? project(leaf) : leaf,
        ),
    };
  }
}

/** Adds the option `quantize` to a method's contribution. */
export function quantizable<S extends z.ZodObject>(
  contribution: Omit<Contribution<Method, Parts>, 'options' | 'create'> & {
    readonly options: OptionsSchema<S> | S;
    create(options: z.output<S>, parts: Parts): Method;
  },
): Contribution<Method, Parts> {
  const { options } = contribution;
  const { current, deprecated } = 'current' in options ? options : { current: options, deprecated: {} };
  return {
    ...contribution,
    options: withDeprecatedNames(current.extend({ quantize: quantizeSchema }), deprecated),
    create({ quantize, ...options }: { quantize: z.output<typeof quantizeSchema> }, parts) {
      const method = contribution.create(options as z.output<S>, parts);
      return quantize === 'none' ? method : new QuantizedMethod(method, estimators[quantize]());
    },
  };
}
