import '@tensorflow/tfjs-backend-cpu';
import { mapTree, prefixTree, subtree, type ClassifierOutputs, type DataTerm, type Tree } from '@anc/core';
import { scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { normalTensor, type ScalarFunction } from '../harness/differentiable.js';
import {
  checkDescent,
  checkFinite,
  checkGradients,
  checkName,
  checkOrder,
  checkRecordable,
  declaredOnly,
  inReverse,
  openOnce,
  type ContractBackend,
  type Subject,
} from '../objective/component-checks.js';

export interface DataTermContractOptions {
  /** Outputs of both networks besides logits [3] and features [4], by name, without the batch axis. */
  readonly outputs?: Tree<readonly number[]>;
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: ContractBackend;
}

const BATCH = 5;

/**
 * Contract of a data term: one finite scalar, also for large logits; the same for any order of the batch; gradients
 * with respect to every output of the student that agree with finite differences; a step against them lowers it; it
 * reads no output of the teacher that it does not declare; and no operation that a recorded graph cannot repeat.
 *
 * `create` is called for every test.
 */
export function dataTermContract(
  { describe, it }: ContractRunner,
  create: () => DataTerm,
  { outputs = {}, backend }: DataTermContractOptions = {},
): void {
  const open = openOnce(backend);
  const shapes = { logits: [3], features: [4], ...outputs };

  /** scale: of the logits. */
  const subject = (term: DataTerm, scale = 1): Subject => {
    const draw = (who: string) =>
      mapTree(shapes, (shape, name) =>
        normalTensor(`${who}/${name}`, [BATCH, ...shape], name === 'logits' ? scale : 1),
      );
    const what = `data term "${term.name}"`;
    const teacher = draw('teacher');
    const compute: ScalarFunction = (leaves, noise) => {
      const student = subtree(leaves, 'student') as unknown as ClassifierOutputs;
      const declared = new Set(['logits', ...(term.teacherOutputs ?? [])]);
      const given = Object.entries(subtree(leaves, 'teacher')).filter(([name]) => declared.has(name));
      return scalarFrom(what, 'loss', () =>
        term.loss(student.logits, leaves['teacher/logits']!, {
          progress: tf.scalar(0.5),
          noise,
          student: declaredOnly(
            student,
            `${what}: the student`,
            'name the output in the options of the contract.',
          ) as ClassifierOutputs,
          teacher: declaredOnly(
            Object.fromEntries(given),
            `${what}: the teacher`,
            'declare what it reads: teacherOutputs: [name].',
          ),
        }),
      );
    };
    return {
      what,
      compute,
      leaves: { ...prefixTree('student', draw('student')), ...prefixTree('teacher', teacher) },
    };
  };
  /** The teacher is constant: gradients are those of the student's outputs. */
  const ofStudent = ({ what, compute, leaves }: Subject): Subject => {
    const constants = Object.entries(leaves).filter(([name]) => name.startsWith('teacher/'));
    return {
      what,
      leaves: Object.fromEntries(Object.entries(leaves).filter(([name]) => name.startsWith('student/'))),
      compute: (own, noise) => {
        const fixed = constants.map(([name, { shape, data }]) => [
          name,
          tf.tensor(Float32Array.from(data), [...shape]),
        ]);
        return compute({ ...own, ...(Object.fromEntries(fixed) as Tree) }, noise);
      },
    };
  };

  describe('data term contract', () => {
    it('has a name and returns one finite scalar, the same each time', async () => {
      const term = create();
      checkName('data term', term.name);
      await checkFinite(open, subject(term));
    });
    it('is finite for logits of a confident network', () => checkFinite(open, subject(create(), 40)));
    it('does not depend on the order of the batch', () => {
      const given = subject(create());
      return checkOrder(open, given, inReverse(given));
    });
    it("has gradients at the student's outputs that agree with finite differences", () =>
      checkGradients(open, ofStudent(subject(create()))));
    it('is lowered by a gradient step', () => checkDescent(open, ofStudent(subject(create()))));
    it('can be recorded as a graph', () => checkRecordable(subject(create())));
  });
}
