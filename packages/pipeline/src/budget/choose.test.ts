import type { ModelEnvironment } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { describeNamed, type Named } from '../text/named.js';
import { candidatesOf, type Candidate } from './candidates.js';
import { chooseWithin } from './choose.js';
import { ladderFor, ladderOf, type Ladder } from './ladder.js';
import type { Limits } from './limits.js';
import { choiceInWords } from './words.js';

const composition = compose(await builtinPlugins());
const SMALL: ModelEnvironment = { input: [28, 28, 1], classes: 10 };
const LARGE: ModelEnvironment = { input: [96, 96, 3], classes: 10 };

/** As fast as its FLOPs, in milliseconds per million; counts how often it is asked. */
function stopwatch() {
  const measured: string[] = [];
  const measure = ({ model, flops }: Candidate): Promise<number> => {
    measured.push(describeNamed(model));
    return Promise.resolve(flops / 1e6);
  };
  return { measured, measure };
}

const made = new Map<Ladder, Promise<readonly (readonly Candidate[])[]>>();

/** The candidates of a ladder, made once. */
function candidatesIn(
  ladder: Ladder,
  environment: ModelEnvironment,
): Promise<readonly (readonly Candidate[])[]> {
  const found =
    made.get(ladder) ??
    Promise.all(
      [ladder.preferred, ladder.others].map((models) => candidatesOf(models, environment, composition)),
    );
  made.set(ladder, found);
  return found;
}

async function choose(limits: Limits, environment = SMALL, ladder: Ladder = ladderFor(environment.input)) {
  const { measured, measure } = stopwatch();
  const [preferred, others] = (await candidatesIn(ladder, environment)) as [Candidate[], Candidate[]];
  const choice = await chooseWithin({ limits, preferred, others, measure });
  return { choice, measured, preferred, others };
}

const named = (name: string, options: Named['options'] = {}): Named => ({ name, options });

describe('the student of a budget', () => {
  it.each<[string, Limits, ModelEnvironment]>([
    ['parameters', { parameters: 100e3 }, SMALL],
    ['FLOPs', { flops: 5e6 }, SMALL],
    ['bytes', { bytes: 300e3 }, SMALL],
    ['all of them', { parameters: 100e3, flops: 5e6, bytes: 300e3 }, SMALL],
    ['large images', { parameters: 1e6, flops: 100e6 }, LARGE],
  ])('stays within it, and uses most of it: %s', async (_, limits, environment) => {
    const { choice, preferred, measured } = await choose(limits, environment);
    const usage = (costs: { parameters: number; flops: number; bytes: number }): number =>
      Object.entries(limits).reduce((all, [limit, most]) => {
        const share = costs[limit as 'parameters'] / most;
        return share > 1 ? NaN : all * share;
      }, 1);
    const best = Math.max(
      ...preferred
        .filter(({ parameters }) => parameters < 3e6)
        .map((one) => usage({ ...one, bytes: one.bytes() }))
        .filter((share) => !Number.isNaN(share)),
    );
    expect(usage(choice)).toBe(best);
    expect(measured).toEqual([]);
    expect(preferred.map(({ model }) => model)).toContainEqual(choice.model);
  });

  it('is measured where time is limited: the best one, then by bisection', async () => {
    const fast = await choose({ parameters: 100e3, ms: 1000 });
    expect(fast.measured).toEqual([describeNamed(fast.choice.model)]);
    const slow = await choose({ parameters: 100e3, ms: 1 });
    expect(slow.choice.ms).toBeLessThanOrEqual(1);
    expect(slow.choice.ms).toBe(slow.choice.flops / 1e6);
    expect(slow.measured.length).toBeLessThan(10);
    expect(slow.choice.flops).toBeGreaterThan(5e5);
    const timeOnly = await choose({ ms: 3 });
    expect(timeOnly.choice.flops).toBeGreaterThan(2e6);
  });

  it('comes from the other families where no preferred one fits', async () => {
    const tiny = { preferred: [named('resnet', { depth: 56 })], others: [named('lenet5')] };
    const { choice } = await choose({ parameters: 70e3 }, SMALL, tiny);
    expect(choice.model.name).toBe('lenet5');
  });

  it('is a width of the model that was named', async () => {
    const ladder = ladderOf(named('resnet', { depth: 14 }), true);
    const { choice } = await choose({ parameters: 60e3 }, SMALL, ladder);
    expect(choice.model.options['depth']).toBe(14);
    expect(choice.parameters).toBeGreaterThan(30e3);
    expect(ladderOf(named('resnet', { width: 2 }), true).preferred).toEqual([named('resnet', { width: 2 })]);
  });

  it('is refused without speaking of others where the width of one network is searched', async () => {
    const one = choose({ parameters: 10 }, SMALL, ladderOf(named('lenet5'), false));
    await expect(one).rejects.toMatchObject({
      detail: {
        received: expect.stringMatching(/^lenet5: /) as string,
        hint: expect.stringContaining('leave out --student') as string,
      },
    });
  });

  it.each<[string, Limits, RegExp, string]>([
    [
      'parameters',
      { parameters: 10, flops: 1e9 },
      /^the nearest of \d+ networks is .*: .* parameters, /,
      'maxParameters',
    ],
    ['FLOPs', { flops: 100 }, /FLOPs/, 'maxFlops'],
    ['bytes', { bytes: 100 }, /bytes|kB/, 'maxBytes'],
    ['time', { parameters: 100e3, ms: 1e-6 }, / ms$/, 'maxMs'],
  ])('is refused with the nearest network: %s', async (_, limits, received, option) => {
    await expect(choose(limits)).rejects.toMatchObject({
      code: 'ANC_BUDGET',
      detail: { received: expect.stringMatching(received) as string, path: ['student', option] },
    });
  });

  it('is explained in three lines', async () => {
    const { choice } = await choose({ parameters: 100e3, flops: 5e6, ms: 1000 });
    const lines = choiceInWords(choice, false);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      `the student is ${describeNamed(choice.model)}: ${Number((choice.parameters / 1e3).toPrecision(3))} k parameters of 100 k, ` +
        `${Number((choice.flops / 1e6).toPrecision(3))} M FLOPs of 5 M, ${Number((choice.bytes / 1e3).toPrecision(3))} kB, ` +
        `${Number(choice.ms!.toPrecision(3))} ms of 1000.`,
    );
    expect(lines[2]).toMatch(/^the next ones: .* Choose one with --student\.$/);
  });
});
