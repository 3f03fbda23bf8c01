import { AncError, type HostTensor, type Tree } from '@anc/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions, type TinyComposition } from '../../test/tiny-plugins.js';
import type { OpenTeacher } from './given-teacher.js';
import { planRun, planTraining, type Plan, type PlannedModel, type PlanRequest } from './plan.js';

let composition: TinyComposition;
beforeEach(() => {
  composition = tinyComposition();
});

type Flat = Readonly<Record<string, unknown>>;

const requestOf = (flat: Flat, openTeacher?: OpenTeacher): PlanRequest => ({
  ...resolveFlat({ ...tinyOptions, ...flat }),
  composition,
  ...(openTeacher && { openTeacher }),
});

/** Plans a run, looks at the plan and disposes it. */
async function planned<T>(flat: Flat, look: (plan: Plan) => T, openTeacher?: OpenTeacher): Promise<T> {
  const plan = await planRun(requestOf(flat, openTeacher));
  try {
    return look(plan);
  } finally {
    await plan.dispose();
  }
}

const refusal = (flat: Flat, openTeacher?: OpenTeacher): Promise<AncError> =>
  planRun(requestOf(flat, openTeacher)).then(
    () => Promise.reject(new Error('the plan was made')),
    (error: unknown) => error as AncError,
  );

/** The student's parameters before the first step. */
function initialOf({ stages, rng }: PlannedModel): Tree<HostTensor> {
  return stages[0]!.student(stages[0]!.init(rng.split('stage', 0), null)).params;
}

const trainedTeacher = ({ teacher }: Plan): PlannedModel => {
  if ('given' in teacher) throw new Error('the teacher is given');
  return teacher;
};

describe('a planned run', () => {
  it('opens the generated glyphs and limits their splits', async () => {
    const flat = { dataset: 'glyphs', limitTrain: 64, limitTest: 32, methods: ['l2'], flip: true };
    await planned(flat, ({ data, students, options }) => {
      expect(data.dataset.name).toBe('glyphs');
      expect(data.dataset.shape).toEqual([28, 28, 1]);
      expect([data.train.images.count, data.test.images.count, data.held]).toEqual([64, 32, null]);
      expect(students[0]!.network).toMatchObject({
        model: { name: 'cnn', options: { widths: [2], features: 6 } },
        // One 3×3 kernel per filter with bias; 14×14×2 values into 6 features; 6 features into 10 logits.
        parameters: (9 + 1) * 2 + (14 * 14 * 2 + 1) * 6 + (6 + 1) * 10,
        outputs: { logits: [10], features: [6], block1: [14, 14, 2] },
      });
      expect(options).toEqual(resolveFlat({ ...tinyOptions, ...flat }).options);
    });
  });

  it('has one student per method, named by it, with the epochs and the seed of the run', async () => {
    const methods = ['supervised', 'l2', 'kd', 'kd(hardWeight=0.5)', 'fitnets'];
    await planned({ methods, epochs: 5, seed: 7 }, ({ students }) => {
      expect(students.map(({ name }) => name)).toEqual(['supervised', 'l2', 'kd', 'kd-2', 'fitnets']);
      expect(students.map(({ needsTeacher }) => needsTeacher)).toEqual([false, true, true, true, true]);
      expect(students.map(({ epochs, seed }) => [epochs, seed])).toEqual(methods.map(() => [5, 7]));
      expect(students.map(({ stages }) => stages.map(({ usesLabels }) => usesLabels))).toEqual([
        [true],
        [false],
        [false],
        [true],
        [false, true],
      ]);
      expect(students[3]!.method).toEqual({ name: 'kd', options: { hardWeight: 0.5 } });
      expect(students[3]!.options).toMatchObject({
        temperature: 4,
        hardWeight: 0.5,
      });
    });
  });

  it('starts all students from equal weights, which are neither those of the teacher nor of another seed', async () => {
    const flat = { student: tinyOptions.teacher, methods: ['supervised', 'l2', 'adversarial'] };
    const first = await planned(flat, ({ students, ...plan }) => {
      const [supervised, ...others] = students.map(initialOf);
      for (const other of others) expect(other).toEqual(supervised);
      const teacher = initialOf(trainedTeacher(plan as Plan));
      expect(Object.keys(teacher)).toEqual(Object.keys(supervised!));
      expect(teacher['conv1/weights']).not.toEqual(supervised!['conv1/weights']);
      return supervised!;
    });
    await planned({ ...flat, methods: ['l2'] }, ({ students }) => {
      expect(initialOf(students[0]!)).toEqual(first);
    });
    await planned({ ...flat, methods: ['l2'], seed: 4 }, ({ students }) => {
      expect(initialOf(students[0]!)['conv1/weights']).not.toEqual(first['conv1/weights']);
    });
  });

  it('trains the teacher as students are trained, with labels', async () => {
    await planned({ methods: ['l2'], learningRate: 0.03, quantize: 'ttq' }, (plan) => {
      const teacher = trainedTeacher(plan);
      expect(teacher).toMatchObject({
        name: 'teacher',
        method: { name: 'supervised' },
        options: { optimizer: { learningRate: 0.03, optimizer: 'adam' }, quantize: 'none' },
        needsTeacher: false,
        epochs: 2,
        seed: 3,
      });
      expect(teacher.stages.map(({ usesLabels }) => usesLabels)).toEqual([true]);
      expect(teacher.network.model).toEqual({ name: 'cnn', options: { widths: [3], features: 6 } });
    });
  });

  it("lets options of the teacher's training replace those of students", async () => {
    const flat = {
      teacherEpochs: 9,
      teacherOptimizer: 'nesterov',
      teacherLearningRate: 0.5,
      teacherSeed: 11,
    };
    await planned({ ...flat, methods: ['l2'] }, (plan) => {
      expect(trainedTeacher(plan)).toMatchObject({
        options: { optimizer: { learningRate: 0.5, optimizer: 'nesterov' } },
        epochs: 9,
        seed: 11,
      });
      expect(plan.students[0]).toMatchObject({
        options: { optimizer: { learningRate: 0.002, optimizer: 'adam' } },
        epochs: 2,
        seed: 3,
      });
    });
  });

  it('holds out a share of the training images', async () => {
    await planned({ methods: ['l2'], validation: 0.25 }, ({ data }) => {
      expect(data.train.images.count + data.held!.images.count).toBe(48);
      expect(data.held!.images.count).toBeGreaterThan(4);
      expect(data.test.images.count).toBe(20);
    });
  });

  it('has another student on the same data, with other options of training', async () => {
    const plan = await planRun(requestOf({ methods: ['l2'] }));
    try {
      const { training, objective } = plan.options;
      const other = await plan.another(
        'try-1',
        { name: 'kd', options: {} },
        { training: { ...training, learningRate: 0.7, seed: 8, epochs: 4 }, objective },
      );
      expect(other).toMatchObject({
        name: 'try-1',
        options: { optimizer: { learningRate: 0.7 } },
        epochs: 4,
        seed: 8,
        needsTeacher: true,
      });
      expect(other.network).toBe(plan.students[0]!.network);
    } finally {
      await plan.dispose();
    }
  });

  it('has the quantized network in place of the plain one', async () => {
    await planned({ methods: ['l2', 'l2(quantize=ttq)'] }, ({ students: [plain, quantized] }) => {
      expect(quantized!.network.model).toEqual(plain!.network.model);
      expect(quantized!.network.network.name).not.toBe(plain!.network.network.name);
    });
  });

  it('is planned for training without opening the test images', async () => {
    const flat = { dataset: { name: 'corners', testFails: true }, methods: ['l2'] };
    const plan = await planTraining(requestOf(flat));
    await plan.dispose();
    expect(plan.data.train.images.count).toBe(48);
    expect(await refusal(flat)).toMatchObject({ code: 'ANC_DATA_MISSING' });
  });
});

/** Notices but the summary of a given teacher's predictions. */
const noticesOf = ({ notices }: Plan): string[] =>
  notices.filter((text) => !text.startsWith("the teacher's predictions for "));

describe('the notices of a plan', () => {
  it('are none where there is nothing to know', async () => {
    await planned({}, ({ notices, unused }) => expect([notices, unused]).toEqual([[], []]));
  });

  it('tell that discriminators see logits where a given teacher has no features', async () => {
    const { open } = cornerTeacher({ features: false });
    const text = 'the teacher has no features: discriminators see logits (--discriminator-input logits).';
    await planned(
      { methods: ['l2', 'adversarial'] },
      (plan) => {
        const { options, students } = plan;
        expect(noticesOf(plan)).toEqual([text]);
        expect(options.objective.discriminatorInput).toBe('logits');
        expect(students[1]!.options).toMatchObject({ input: 'logits' });
      },
      open,
    );
  });

  it('leave out the features where no method sees them, or where the caller chose the input', async () => {
    const { open } = cornerTeacher({ features: false });
    const silent = (plan: Plan) => expect(noticesOf(plan)).toEqual([]);
    await planned({ methods: ['l2', 'kd'] }, silent, open);
    await planned({ methods: ['adversarial'], discriminatorInput: 'logits' }, silent, open);
    await planned({ methods: ['adversarial'] }, silent, cornerTeacher().open);
  });

  it('tell that only methods without labels run where the default ones need labels', async () => {
    const dataset = { name: 'corners', labels: false };
    await planned(
      { dataset },
      (plan) => {
        const { options, students } = plan;
        expect(noticesOf(plan)).toEqual([
          'there are no labels, so only methods without labels run: l2, kd, adversarial.',
        ]);
        expect(students.map(({ name }) => name)).toEqual(['l2', 'kd', 'adversarial']);
        expect(options.methods.map(({ name }) => name)).toEqual(['l2', 'kd', 'adversarial']);
      },
      cornerTeacher().open,
    );
  });

  it('tell that labels are not used where the teacher has other classes', async () => {
    await planned(
      { methods: ['l2'] },
      (plan) => {
        const { data } = plan;
        expect(noticesOf(plan)).toEqual([
          expect.stringMatching(/^the labels of "corners" are not the teacher's classes/),
        ]);
        expect([data.train.labels, data.test.labels]).toEqual([null, null]);
        expect(data.dataset.classes).toEqual(['a', 'b', 'c', 'd', 'e']);
      },
      cornerTeacher({ classes: ['a', 'b', 'c', 'd', 'e'] }).open,
    );
  });

  it('and a method that needs labels is refused for that, and not because there are none', async () => {
    const { open } = cornerTeacher({ classes: ['a', 'b', 'c', 'd', 'e'] });
    await expect(planned({ methods: ['supervised'] }, () => undefined, open)).rejects.toMatchObject({
      code: 'ANC_LABELS',
      message: 'method "supervised" needs labels, and those of the data are not used.',
      detail: { received: 'labels of other classes' },
    });
  });

  it('include those of the given teacher itself', async () => {
    const { open } = cornerTeacher({ notices: ['read with care.'] });
    await planned({ methods: ['l2'] }, (plan) => expect(noticesOf(plan)).toEqual(['read with care.']), open);
  });

  it("sum up a given teacher's predictions, and warn where they look wrong", async () => {
    await planned(
      { methods: ['l2'] },
      ({ notices, inspection }) => {
        expect(inspection).toMatchObject({ images: 48, classes: 4, covered: 4, accuracy: 1, warnings: [] });
        expect(notices).toEqual([
          expect.stringMatching(
            /^the teacher's predictions for 48 training images: 4 of 4 classes, .* 100.00 % as/,
          ),
        ]);
      },
      cornerTeacher().open,
    );
    const { open } = cornerTeacher({ classes: ['ne', 'nw', 'se', 'sw'] });
    await planned(
      { methods: ['l2'] },
      ({ notices, inspection }) => {
        expect(inspection).toMatchObject({ accuracy: 0, warnings: [{ code: 'chance' }] });
        expect(notices[1]).toMatch(
          /^WARNING: the teacher may be read wrongly: .* --teacher-preprocessing\.$/,
        );
      },
      open,
    );
  });

  it('tell of adapters where features differ in width, and record them', async () => {
    const flat = { student: 'cnn(widths=[2],features=5)', methods: ['l2', 'adversarial'] };
    await planned(flat, ({ notices, options, students }) => {
      expect(notices).toEqual([
        expect.stringMatching(/differ in width, .* with adversarial .*--adapter linear/),
      ]);
      expect(options.methods).toEqual([
        { name: 'l2', options: {} },
        { name: 'adversarial', options: { adapter: 'linear' } },
      ]);
      expect(students[1]!.options).toMatchObject({ adapter: 'linear' });
    });
    const asked = { ...flat, adapter: 'none' };
    expect(await refusal(asked)).toMatchObject({ code: 'ANC_DISCRIMINATOR_INPUT' });
    expect(await refusal({ ...flat, preset: 'paper' })).toMatchObject({ code: 'ANC_DISCRIMINATOR_INPUT' });
    await planned({ ...flat, methods: ['adversarial'], discriminatorInput: 'logits' }, ({ notices }) =>
      expect(notices).toEqual([]),
    );
  });

  it('warn of a student that is not smaller than its teacher', async () => {
    const flat = { student: tinyOptions.teacher, methods: ['l2'] };
    await planned(flat, ({ notices }) =>
      expect(notices).toEqual([
        expect.stringMatching(/^WARNING: the student is not smaller than the teacher/),
      ]),
    );
  });

  it('tell which students see no mixed images', async () => {
    await planned({ methods: ['supervised', 'l2'], mixup: 0.2 }, ({ notices }) =>
      expect(notices).toEqual([expect.stringMatching(/^mixup: .* plain images are shown to supervised/)]),
    );
  });

  it('name options that were set and that nothing uses', async () => {
    await planned({ methods: ['l2'], views: 4, temperature: 3, threads: 2 }, ({ unused }) =>
      expect(unused).toEqual([
        { path: ['data', 'views'], reason: 'there are neither crops nor flips to draw' },
        {
          path: ['objective', 'temperature'],
          reason: 'no method or data term of this run has this option',
        },
      ]),
    );
  });
});

describe('a plan that cannot be made', () => {
  it.each<[string, Flat, string]>([
    ['an unknown method', { methods: ['l2', 'l3'] }, 'ANC_UNKNOWN'],
    ['a wrong option of a method', { methods: ['kd(temperature=0)'] }, 'ANC_OPTIONS'],
    ['an unknown teacher', { teacher: 'cn' }, 'ANC_UNKNOWN'],
    ['a start after the end', { start: 2 }, 'ANC_CONFIG'],
    ['a warm-up that does not end', { dataWarmup: 99 }, 'ANC_CONFIG'],
    ['an adversarial warm-up that does not end', { adversarialWarmup: 99 }, 'ANC_CONFIG'],
    ['an option of given teachers', { teacherPreprocessing: 'unit' }, 'ANC_CONFIG'],
  ])('is refused before a backend is opened: %s', async (_what, flat, code) => {
    expect(await refusal(flat)).toMatchObject({ code });
    expect(composition.opened).toEqual([]);
  });

  it.each<[string, Flat, object]>([
    ['a batch of more than all images', { batchSize: 49 }, { code: 'ANC_DATA_TOO_FEW' }],
    ['no test images', { dataset: { name: 'corners', testFails: true } }, { code: 'ANC_DATA_MISSING' }],
    [
      'a wrong option of the student',
      { student: 'cnn(wdths=[2])' },
      { code: 'ANC_OPTIONS', detail: { path: ['student', 'model', 'wdths'] } },
    ],
    [
      'a teacher that images are too small for',
      { teacher: 'cnn(widths=[2,2,2,2],pools=4)' },
      { code: 'ANC_MODEL_INPUT' },
    ],
    [
      'a trained teacher without labels',
      { dataset: { name: 'corners', labels: false }, methods: ['l2'] },
      { code: 'ANC_LABELS', message: expect.stringMatching(/^training a teacher needs labels/) as string },
    ],
    [
      'an output that the networks do not have',
      { methods: ['l2', 'adversarial'], discriminatorInput: 'block9' },
      { code: 'ANC_DISCRIMINATOR_INPUT' },
    ],
    ['a second backend that does not open', { studentBackend: 'broken' }, { code: 'ANC_BACKEND_MISSING' }],
  ])('closes the backends that it has opened: %s', async (_what, flat, error) => {
    expect(await refusal({ teacherBackend: 'two', ...flat })).toMatchObject(error);
    expect(composition.opened[0]).toBe('two');
    expect([...composition.closed].sort()).toEqual([...composition.opened].sort());
  });

  it('disposes the given teacher', async () => {
    const { counts, open } = cornerTeacher();
    const dataset = { name: 'corners', labels: false };
    expect(await refusal({ dataset, methods: ['l2', 'supervised'] }, open)).toMatchObject({
      code: 'ANC_LABELS',
      message: expect.stringMatching(/^method "supervised" needs labels/) as string,
    });
    expect(counts.disposed).toBe(1);
    expect(composition.closed).toEqual(['one']);
  });

  it('closes its backends where the given teacher cannot be opened', async () => {
    const error = await refusal({ methods: ['l2'] }, () =>
      Promise.reject(new AncError('ANC_OPTIONS', 'no such teacher.')),
    );
    expect(error.detail.path).toEqual(['teacher', 'model']);
    expect(composition.closed).toEqual(['one']);
  });
});

describe('disposing a plan', () => {
  it('closes every backend and the given teacher once', async () => {
    const { counts, open } = cornerTeacher();
    const plan = await planRun(requestOf({ methods: ['l2'], teacherBackend: 'two' }, open));
    expect(plan.backends.teacher.name).toBe('two');
    expect(plan.backends.student.name).toBe('one');
    expect([composition.closed, counts.disposed]).toEqual([[], 0]);
    await plan.dispose();
    expect([composition.closed, counts.disposed]).toEqual([['two', 'one'], 1]);
  });

  it('closes a shared backend once', async () => {
    await planned({ methods: ['l2'] }, ({ backends }) => expect(backends.teacher).toBe(backends.student));
    expect([composition.opened, composition.closed]).toEqual([['one'], ['one']]);
  });
});
