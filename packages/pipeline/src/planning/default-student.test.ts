import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { describeNamed } from '../text/named.js';
import { defaultStudent } from './default-student.js';
import { parametersAndFlops } from '@anc/models';

const composition = compose(await builtinPlugins());
type Shape = readonly [number, number, number];

async function chosen(
  teacher: { parameters: number; flops: number | null },
  input: Shape,
  flat: Record<string, unknown> = {},
) {
  const notices: string[] = [];
  const resolved = resolveFlat({ teacher: 'teacher.onnx', dataset: 'fashion-mnist', ...flat });
  const environment = { input, classes: 10 };
  const notice = (text: string): void => void notices.push(text);
  const model = await defaultStudent({ ...resolved, teacher, environment, composition, notice });
  const network = await composition.registries.models.create(model, environment);
  return { model: describeNamed(model), ...parametersAndFlops(network, input), notices };
}

describe('the student of a given teacher', () => {
  it.each<[string, number, number | null, Shape]>([
    ['a small teacher of gray images', 895_000, 24e6, [28, 28, 1]],
    ['a CIFAR ResNet-20', 270_000, 81e6, [32, 32, 3]],
    ['a CIFAR ResNet-110', 1_730_000, 510e6, [32, 32, 3]],
    ['a tiny teacher', 20_000, 400_000, [28, 28, 1]],
    ['a teacher of photographs', 11_700_000, 3.6e9, [224, 224, 3]],
    ['a small teacher of photographs', 1_300_000, 300e6, [160, 160, 3]],
    ['a teacher whose FLOPs are unknown', 400_000, null, [32, 32, 3]],
  ])('is at least four times smaller than %s', async (_, parameters, flops, input) => {
    const student = await chosen({ parameters, flops }, input);
    expect(parameters / student.parameters).toBeGreaterThanOrEqual(4);
    if (flops !== null) expect(flops / student.flops).toBeGreaterThanOrEqual(4);
    expect(student.notices).toHaveLength(1);
    expect(student.notices[0]).toContain(`the student is ${student.model}: `);
  });

  it("is the preset's where that is small enough", async () => {
    const { model } = await chosen({ parameters: 10.6e6, flops: 400e6 }, [28, 28, 1]);
    expect(model).toBe('lenet4');
  });

  it.each([
    ['the caller chose it', { parameters: 895_000, flops: 24e6 }, { student: 'lenet4' }],
    ["the preset is the paper's", { parameters: 895_000, flops: 24e6 }, { preset: 'paper' }],
    ['nothing is known of the teacher', { parameters: NaN, flops: null }, {}],
  ])('stays where %s', async (_, teacher, flat) => {
    const { model, notices } = await chosen(teacher, [28, 28, 1], flat);
    expect([model, notices]).toEqual(['lenet4', []]);
  });

  it('is the smallest network beside a teacher that is tiny', async () => {
    const { parameters } = await chosen({ parameters: 200, flops: 1000 }, [28, 28, 1]);
    expect(parameters).toBeLessThan(1500);
  });
});
