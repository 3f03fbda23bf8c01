import { originOf } from '../contracts/origin.js';
import type { Step } from '../contracts/step.js';
import { classification } from '../tasks/classification/classification.js';
import type { Tree } from '../tree/tree.js';
import { termMetric, type DataFreeSetup } from './data-free-setup.js';
import { shownBatch } from './generated-images.js';
import { generatorPhase } from './generator-phase.js';
import { shownStudentPhase } from './shown-student-phase.js';

/**
 * Data-free adversarial distillation (DFAD, Fang 2019, arXiv 1912.11006): the generator's phase, Eq. 7 with the terms that a
 * caller adds, then the student's, Eq. 6. Both go through the frozen teacher in inference mode. The student is fixed in the
 * generator's phase, the images in the student's. The generator's batch norm always uses the batch's statistics.
 *
 * Hyperparameters: `generator/learningRate`, `student/learningRate`, `discrepancy` (its weight), `lambda` (weight of
 * the data term), `progress`. A batch may hold images of the data, with teacher outputs: the student is shown them with
 * `batchSize - rows` generated ones.
 *
 * Ranks divide the rows that the student is shown. The generator's phase is computed by all of them alike, for the whole batch:
 * its batch norm and its terms compare all images of the batch, the memory keeps them all, and it is one phase in several.
 */
export function dataFreeStep(setup: DataFreeSetup): Step {
  const { optimizers, terms } = setup;
  const id = JSON.stringify({
    kind: 'data-free',
    student: setup.student.name,
    teacher: setup.teacher.name,
    generator: setup.generator.name,
    task: (setup.task ?? classification).name,
    dataTerm: setup.dataTerm.name,
    discrepancy: setup.discrepancy.name,
    terms: terms.map(({ name }) => name),
    memory: setup.memory.name,
    batchSize: setup.batchSize,
    frozen: setup.frozen === true,
    ...(setup.shown && { shown: setup.shown }),
    ...(setup.mixup === true && { mixup: true }),
    optimizers: [optimizers.student.id, optimizers.generator.id],
  });
  const sources: Tree<string> = {
    ...Object.fromEntries(terms.map((term, i) => [termMetric(i, term), originOf('generator term', term)])),
    'loss/discrepancy': originOf('discrepancy', setup.discrepancy),
    'loss/data': originOf('data term', setup.dataTerm),
  };
  const student = shownStudentPhase(setup, optimizers.student, (state, batch, _hyper, context) => ({
    batch: shownBatch(setup, state, batch, context),
  }));
  return { id, phases: [generatorPhase(setup), student], sources };
}
