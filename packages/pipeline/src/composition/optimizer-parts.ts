import { AncError, type GradientTransform, type LearningRateSchedule, type OptimizerParts } from '@anc/core';
import { inPart, listed, produced } from '@anc/core/internal';
import { KINDS } from './kinds.js';
import { blaming } from './plugin-fault.js';
import type { Registry } from './registry.js';
import { sameTwice } from './same-twice.js';
import { spelledOut } from './spelled-out.js';
import { validateOptionsNow } from './validate-options.js';

/** Creates what the registries hold, by names as texts hold them: `lamb(beta1=0.8)`. Errors name the plugin. */
export function optimizerPartsOf(
  optimizers: Registry<'optimizers'>,
  schedules: Registry<'schedules'>,
): OptimizerParts {
  return {
    optimizer(text, given = {}, shared = {}) {
      const { name, options } = spelledOut(text, given, KINDS.optimizers);
      const { contribution, package: from } = optimizers.get(name);
      const what = `optimizer "${name}"`;
      const all = { ...listed(contribution, shared), ...(options as object) };
      const made = optimizers.build(name, validateOptionsNow(contribution.options, all, what), undefined);
      return blamedTransform(made, `${what} of plugin "${from}"`);
    },
    schedule(text, given = {}) {
      const { name, options } = spelledOut(text, given, KINDS.schedules);
      const { contribution, package: from } = schedules.get(name);
      const what = `schedule "${name}"`;
      const made = schedules.build(name, validateOptionsNow(contribution.options, options, what), undefined);
      const blamed = blamedSchedule(made, `${what} of plugin "${from}"`);
      probeSchedule(blamed, `${what} of plugin "${from}"`);
      return blamed;
    },
  };
}

const blamedTransform = (made: GradientTransform, what: string): GradientTransform => ({
  id: made.id,
  init: (params) => blaming(what, () => inPart(what, () => made.init(params))),
  update(given, slots, context) {
    const updated = blaming(what, () => inPart(what, () => made.update(given, slots, context)));
    produced(`${what} returned updates that are`, { ...updated.updates });
    produced(`${what} returned slots that are`, { ...updated.slots });
    return updated;
  },
});

const blamedSchedule = (made: LearningRateSchedule, what: string): LearningRateSchedule => ({
  name: made.name,
  factor: (position) => blaming(what, () => made.factor(position)),
});

/** Asks a schedule twice at some steps. Throws `ANC_PLUGIN` where the answers differ, or are no factors of a rate. */
function probeSchedule(schedule: LearningRateSchedule, what: string): void {
  for (const step of [0, 7, 29]) {
    const position = { step, steps: 30, warmup: 0, stepsPerEpoch: 10 };
    const factor: unknown = sameTwice(what, `factor at step ${step} of 30`, () => schedule.factor(position));
    if (typeof factor === 'number' && Number.isFinite(factor) && factor >= 0) continue;
    throw new AncError('ANC_PLUGIN', `${what}: factor gives no factor of a learning rate.`, {
      expected: `a finite number of 0 or more at step ${step} of 30`,
      received: String(factor),
    });
  }
}
