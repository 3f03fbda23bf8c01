import { describe, expect, it } from 'vitest';
import type { Task } from '../contracts/task.js';
import { classification } from './classification/classification.js';
import { metricFields, metricOf, validationFields } from './metric-fields.js';
import { describeTask, taskEntry, taskOfDocument } from './task-description.js';

const iou: Task = {
  ...classification,
  name: 'segmentation',
  targets: () => [4, 4],
  metrics: [
    { name: 'mean-iou', better: 'higher' },
    { name: 'rare', better: 'lower', fewestClasses: 5 },
  ],
};
const data = { input: [4, 4, 1], classes: 3 };

describe('the task of a document', () => {
  it('is named unless it is classification', () => {
    const description = describeTask(iou, data);
    expect(description).toEqual({
      name: 'segmentation',
      metrics: [{ name: 'mean-iou', better: 'higher' }],
      perImage: false,
    });
    expect(taskEntry(description)).toEqual({ task: description });
    expect(taskOfDocument({ task: description })).toBe(description);
    expect(taskEntry(describeTask(classification, data))).toEqual({});
    expect(taskOfDocument({})).toMatchObject({ name: 'classification', perImage: true });
  });

  it('reports the top-5 error of many classes only', () => {
    const names = (classes: number) =>
      describeTask(classification, { ...data, classes }).metrics.map(({ name }) => name);
    expect(names(10)).toEqual(['error']);
    expect(names(11)).toEqual(['error', 'top5-error']);
  });
});

describe('metrics of a document', () => {
  const task = taskOfDocument({});
  const [error, top5] = task.metrics;

  it('of classification are in the fields that documents always had', () => {
    expect(metricFields(task, { error: 0.25, 'top5-error': 0 })).toEqual({
      testError: 0.25,
      testTop5Error: 0,
    });
    expect(metricFields(task, null)).toEqual({ testError: null });
    expect(metricFields(describeTask(classification, data), { error: 0.25, 'top5-error': 0 })).toEqual({
      testError: 0.25,
    });
    const result = { testError: 0.25, testTop5Error: 0.125 };
    expect([metricOf(result, error), metricOf(result, top5!)]).toEqual([0.25, 0.125]);
    expect(validationFields(task, 0.5)).toEqual({ validationError: 0.5 });
  });

  it('of other tasks are together, by name', () => {
    const other = describeTask(iou, data);
    const [primary] = other.metrics;
    expect(metricFields(other, { 'mean-iou': 0.5 })).toEqual({
      testError: null,
      metrics: { 'mean-iou': 0.5 },
    });
    expect(metricFields(other, null)).toEqual({ testError: null });
    expect(metricOf({ testError: null, metrics: { 'mean-iou': 0.5 } }, primary)).toBe(0.5);
    expect(metricOf({ testError: null }, primary)).toBeNull();
    expect(validationFields(other, 0.5)).toEqual({ validationError: null, validation: { 'mean-iou': 0.5 } });
    expect(validationFields(other, null)).toEqual({ validationError: null });
  });
});
