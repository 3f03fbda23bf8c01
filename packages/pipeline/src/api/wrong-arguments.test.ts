import { expect, it } from 'vitest';
import { benchmark } from './benchmark.js';
import { check } from './check.js';
import { chooseStudent } from './choose-student.js';
import { compare, resumeComparison } from './compare.js';
import { distill, resume } from './distill.js';
import { doctor } from './doctor.js';
import { evaluate, openTrainedModel } from './evaluate.js';
import { exportModel } from './export-model.js';
import { forecast } from './forecast.js';
import { importWeights } from './import-weights.js';
import { predict } from './predict.js';
import { report } from './report.js';
import { reproduce, resumeReproduction } from './reproduce.js';
import { resumeTuning, tune } from './tune.js';
import { ui } from './ui.js';
import { work } from './work.js';

type Call = (value: never) => PromiseLike<unknown>;

/** Calls that take options alone. */
const OF_OPTIONS: Readonly<Record<string, Call>> = { chooseStudent, compare, distill, forecast, tune };

/** Calls that take a path first. */
const OF_PATHS: Readonly<Record<string, Call>> = {
  benchmark,
  evaluate,
  exportModel,
  openTrainedModel,
  report,
  resume,
  resumeComparison,
  resumeReproduction,
  resumeTuning,
  work,
  'check, teacher': (value) => check(value, 'photos'),
  'importWeights, file': (value) => importWeights(value, { to: 'a.safetensors' }),
  'predict, images': (value) => predict('model.onnx', value),
  'predict, model': (value) => predict(value, 'photo.png'),
};

/** Options behind another argument; left out, there are none. */
const OF_MORE_OPTIONS: Readonly<Record<string, Call>> = {
  benchmark: (value) => benchmark('runs/a', value),
  check: (value) => check('teacher.onnx', 'photos', value),
  doctor,
  evaluate: (value) => evaluate('runs/a', value),
  exportModel: (value) => exportModel('runs/a', value),
  openTrainedModel: (value) => openTrainedModel('runs/a', value),
  predict: (value) => predict('runs/a', 'photos', value),
  report: (value) => report('runs/a', value),
  reproduce: (value) => reproduce('1', value),
  resume: (value) => resume('runs/a', value),
  resumeComparison: (value) => resumeComparison('runs/a', value),
  resumeReproduction: (value) => resumeReproduction('runs/a', value),
  resumeTuning: (value) => resumeTuning('runs/a', value),
  ui: (value) => ui('runs', value),
  work: (value) => work('runs/a', value),
};

const cases = (calls: Readonly<Record<string, Call>>, values: readonly unknown[]) =>
  Object.entries(calls).flatMap(([name, call]) => values.map((value) => ({ name, call, value })));

it.each([
  ...cases(OF_OPTIONS, [undefined, null, 7, 'glyphs', []]),
  ...cases(OF_PATHS, [undefined, null, 7, {}, [7]]),
  ...cases(OF_MORE_OPTIONS, [null, 7, 'x', []]),
])('$name of $value throws ANC_CONFIG', async ({ call, value }) => {
  await expect(Promise.resolve(call(value as never))).rejects.toMatchObject({ code: 'ANC_CONFIG' });
});

it.each([
  [{ input: [28, 28], classes: 10 }, 'input'],
  [{ input: [28, 28, 0], classes: 10 }, 'input'],
  [{ input: '28,28,1', classes: 10 }, 'input'],
  [{ classes: 10 }, 'input'],
  [{ input: [28, 28, 1], classes: 0.5 }, 'classes'],
  [{ input: [28, 28, 1] }, 'classes'],
])('chooseStudent names what is wrong in %j', async (sizes, name) => {
  const options = { ...sizes, maxParameters: 20_000 } as never;
  await expect(chooseStudent(options)).rejects.toMatchObject({
    code: 'ANC_CONFIG',
    message: expect.stringContaining(`${name}: expected`) as string,
  });
});
