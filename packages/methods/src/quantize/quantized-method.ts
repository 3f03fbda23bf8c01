import {
  AncError,
  mapTree,
  Method,
  modelNames,
  type ClassifierOutputs,
  type Contribution,
  type LabelUse,
  type Network,
  type Parts,
  type Phase,
  type MethodEnvironment,
  type Stage,
} from '@anc/core';
import { z } from 'zod';
import { estimators, type Estimator, type EstimatorName } from './estimators.js';
import { isQuantized, quantized } from './quantized.js';

export const quantizeSchema = z
  .enum(['none', ...(Object.keys(estimators) as [EstimatorName, ...EstimatorName[]])])
  .default('none')
  .describe('few-valued weights in the student, trained by any method: none, or whose estimator');

/** Any method, training a student of few-valued weights. */
export class QuantizedMethod extends Method {
  readonly name: string;
  readonly labels: LabelUse;
  readonly needsTeacher: boolean;

  constructor(
    readonly inner: Method,
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

  /** Throws `ANC_QUANTIZE` where the student is not the one that `network` makes. */
  stages(players: MethodEnvironment): readonly Stage[] {
    const { student, input } = players;
    if (!isQuantized(student)) {
      throw new AncError('ANC_QUANTIZE', `${this.name} was given a student that is not quantised.`, {
        expected: "the network that the method's own network() makes",
        received: student.name,
      });
    }
    const covered = new Set(student.covered(input).map((name) => `${modelNames.student}/params/${name}`));
    return this.inner.stages(players).map((stage) => ({
      ...stage,
      step: {
        id: JSON.stringify(['quantised', this.estimator.name, stage.step.id]),
        phases: stage.step.phases.map((phase) => this.#projecting(phase, covered)),
      },
    }));
  }

  /** The phase, with the latent weights brought back after its update. */
  #projecting(phase: Phase, covered: ReadonlySet<string>): Phase {
    const { project } = this.estimator;
    if (project === undefined) return phase;
    return {
      name: phase.name,
      gradients: (state, batch, hyper, context) => phase.gradients(state, batch, hyper, context),
      update: (state, grads, hyper) =>
        mapTree(phase.update(state, grads, hyper), (leaf, name) =>
          covered.has(name) ? project(leaf) : leaf,
        ),
    };
  }
}

/** A method's contribution with the option `quantize` added to its own. */
export function quantizable<S extends z.ZodObject>(
  contribution: Omit<Contribution<Method, Parts>, 'options' | 'create'> & {
    readonly options: S;
    create(options: z.output<S>, parts: Parts): Method;
  },
): Contribution<Method, Parts> {
  return {
    ...contribution,
    options: contribution.options.extend({ quantize: quantizeSchema }),
    create({ quantize, ...options }: { quantize: z.output<typeof quantizeSchema> }, parts) {
      const method = contribution.create(options as z.output<S>, parts);
      return quantize === 'none' ? method : new QuantizedMethod(method, estimators[quantize]());
    },
  };
}
