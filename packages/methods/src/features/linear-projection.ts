import { conv2d, dense, type AuxiliaryLayer } from '@anc/core';

const isImage = (shape: readonly number[]): boolean => shape.length === 3;

/**
 * A learned linear projection from the student's shape to the teacher's: a fully connected layer for vectors,
 * a 1×1 convolution for images of equal height and width. Null where no linear layer connects the two shapes.
 */
export function linearProjection(
  name: string,
  student: readonly number[],
  teacher: readonly number[],
): AuxiliaryLayer | null {
  const width = teacher.at(-1)!;
  if (student.length === 1 && teacher.length === 1) {
    return { layer: dense(name, { units: width }), input: student };
  }
  const samePlane = student[0] === teacher[0] && student[1] === teacher[1];
  if (!isImage(student) || !isImage(teacher) || !samePlane) return null;
  return { layer: conv2d(name, { kernelSize: 1, filters: width }), input: student };
}
