import { describe, expect, it } from 'vitest';
import { mixingNotice } from './mixing-notice.js';
import type { PlannedModel } from './plan-model.js';

const model = (name: string, ...labelled: readonly boolean[]) => ({
  name,
  stages: labelled.map((usesLabels, i) => ({
    name: `stage-${i + 1}`,
    usesLabels,
  })) as unknown as PlannedModel['stages'],
});
const [supervised, fitnets, kd] = [
  model('supervised', true),
  model('fitnets', false, true),
  model('kd', false),
];

describe('mixingNotice', () => {
  it('says nothing where every method mixes', () => {
    expect(mixingNotice(['mixup'], [kd])).toBeNull();
  });

  it('says that nobody mixes, or who does not', () => {
    expect(mixingNotice(['mixup'], [supervised])).toMatch(/^mixup has no effect: .*\(supervised\)\.$/);
    expect(mixingNotice(['mixup'], [supervised, kd])).toMatch(
      /plain images are shown to supervised \(reads labels\)\./,
    );
    expect(mixingNotice(['mixup'], [fitnets, kd])).toMatch(
      /to fitnets in the stages that read labels \(stage-2\)\./,
    );
  });
});
