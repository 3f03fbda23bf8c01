import { describe, expect, it } from 'vitest';
import { mixupNotice } from './mixup-notice.js';
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

describe('mixupNotice', () => {
  it('says nothing where every method mixes', () => {
    expect(mixupNotice([kd])).toBeNull();
  });

  it('says that nobody mixes, or who does not', () => {
    expect(mixupNotice([supervised])).toMatch(/^mixup has no effect: .*\(supervised\)\.$/);
    expect(mixupNotice([supervised, kd])).toMatch(/plain images are shown to supervised \(reads labels\)\./);
    expect(mixupNotice([fitnets, kd])).toMatch(/to fitnets in the stages that read labels \(stage-2\)\./);
  });
});
