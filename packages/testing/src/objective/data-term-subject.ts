import { mapTree, prefixTree, subtree, type ClassifierOutputs, type DataTerm, type Tree } from '@anc/core';
import { scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { normalTensor, type ScalarFunction } from '../harness/differentiable.js';
import { declaredOnly, type Subject } from './component-checks.js';

const BATCH = 5;

/** Outputs without the batch axis. */
const SHAPES = { logits: [3], features: [4] };

/**
 * A data term as a function of the outputs of student and teacher: `student/<name>` and `teacher/<name>`.
 *
 * @param outputs besides logits [3] and features [4].
 * @param scale of the logits.
 */
export function dataTermSubject(term: DataTerm, outputs: Tree<readonly number[]> = {}, scale = 1): Subject {
  const draw = (who: string) =>
    mapTree({ ...SHAPES, ...outputs }, (shape, name) =>
      normalTensor(`${who}/${name}`, [BATCH, ...shape], name === 'logits' ? scale : 1),
    );
  const what = `data term "${term.name}"`;
  const declared = new Set(['logits', ...(term.teacherOutputs ?? [])]);
  const compute: ScalarFunction = (leaves, noise) => {
    const student = subtree(leaves, 'student') as unknown as ClassifierOutputs;
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
  const leaves = { ...prefixTree('student', draw('student')), ...prefixTree('teacher', draw('teacher')) };
  return { what: `${what}: loss`, compute, leaves };
}

/** The same with a constant teacher: its gradients are those of the student's outputs. */
export function ofStudent({ what, compute, leaves }: Subject): Subject {
  const entries = Object.entries(leaves);
  const constants = entries.filter(([name]) => name.startsWith('teacher/'));
  return {
    what,
    leaves: Object.fromEntries(entries.filter(([name]) => name.startsWith('student/'))),
    compute: (own, noise) => {
      const fixed = constants.map(([name, { shape, data }]) => [
        name,
        tf.tensor(Float32Array.from(data), [...shape]),
      ]);
      return compute({ ...own, ...(Object.fromEntries(fixed) as Tree) }, noise);
    },
  };
}
