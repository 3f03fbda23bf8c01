import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadComposition } from '../plugins/load-composition.js';
import type { ComparedMethod, CompareResult } from '../compare/documents.js';
import { intervalOf } from '../compare/interval.js';
import { flattenOptions, groupOptions } from '../options/option-table.js';
import { costOf } from './cost.js';
import { studentNames } from '../options/student-names.js';
import type { RunOptions } from '../options/run-options.js';
import { summarizeTable } from './execute.js';
import { readReproduction, writeReproduction, type Reproduction } from './folder.js';
import { checkGrid, gridOf, indexOf } from './grid.js';
import { footnotes, reproducedRows, reproductionReport } from './report.js';
import { methodsOf, tableNames, tables, type PaperTable, type TableName } from './tables.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-reproduce-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const reproductionOf = (table: TableName, flat: Record<string, unknown> = {}, scale = 1): Reproduction => ({
  table,
  scale,
  seeds: [1, 2],
  grid: gridOf(tables[table], groupOptions(flat), { scale, cwd }),
});

describe('the tables', () => {
  it.each(tableNames)('%s names runs that there are, each row its own', async (name) => {
    const { grid } = reproductionOf(name);
    await checkGrid(grid, await loadComposition([], cwd));
    for (const planned of grid) {
      const { group } = planned;
      for (const { run } of group.rows) {
        if (run !== null && run !== 'teacher') expect(indexOf(planned, run.method)).toBeGreaterThanOrEqual(0);
      }
      expect(planned.options.methods).toHaveLength(methodsOf(group).length);
    }
  });

  it('hold the complete method of every data set to one figure where the paper does', () => {
    const complete = (name: TableName): number =>
      (tables[name] as PaperTable).groups[0]!.rows.find(
        ({ run }) => run !== 'teacher' && run?.method === 'adversarial',
      )!.error;
    expect(complete('table3')).toBe(complete('table7'));
    expect(complete('table4')).toBe((tables.table7 as PaperTable).groups[1]!.rows.at(-1)!.error);
  });
});

describe('gridOf', () => {
  it("takes the paper's preset, and a share of its epochs with its milestones", async () => {
    const [whole] = reproductionOf('table3').grid;
    expect(flattenOptions(whole!.options)).toMatchObject({
      preset: 'paper',
      epochs: 260,
      milestones: [80_000],
    });
    const [tenth] = reproductionOf('table3', {}, 0.1).grid;
    expect(flattenOptions(tenth!.options)).toMatchObject({ epochs: 26, milestoneUnit: 'share' });
  });

  it('refuses what the table decides', async () => {
    expect(() => reproductionOf('table3', { dataset: 'glyphs' })).toThrow(/the table determines it/);
  });
});

it('costOf counts the passes of teacher and students, and knows no unknown data', async () => {
  const composition = await loadComposition([], cwd);
  const { grid } = reproductionOf('table6', { limitTrain: 100, epochs: 1 });
  const cost = (await costOf(grid[0]!, 2, composition))!;
  const [nin, lenet] = [345e6, 32.3e6];
  const expected = 100 * (3 * nin + 2 * 5 * (3 * lenet + nin));
  expect(cost.flops / expected).toBeCloseTo(1, 1);
  const { options } = grid[0]!;
  const other = { ...options, data: { ...options.data, dataset: { name: 'glyphs', options: {} } } };
  const elsewhere = { ...grid[0]!, options: other };
  expect(await costOf(elsewhere, 2, composition)).toBeNull();
});

describe('a reproduced table', () => {
  it('is recorded and read back', async () => {
    const reproduction = reproductionOf('table2', { limitTrain: 64 }, 0.5);
    await writeReproduction(cwd, reproduction);
    const read = await readReproduction(cwd, {});
    expect(read.grid.map(({ name }) => name)).toEqual(reproduction.grid.map(({ name }) => name));
    expect(read.grid.map(({ options }) => options)).toEqual(reproduction.grid.map(({ options }) => options));
    await expect(readReproduction(cwd, { epochs: 3 })).rejects.toThrow(/^epochs: /);
    for (const damaged of ['table: table2\nseeds: 3\n', '', 'table: *none\n']) {
      await writeFile(join(cwd, 'reproduce.yaml'), damaged);
      await expect(readReproduction(cwd, {})).rejects.toThrow(/damaged/);
    }
    await expect(readReproduction(join(cwd, 'nowhere'), {})).rejects.toThrow(/not the folder/);
  });

  it('puts the paper beside what was measured, row by row', async () => {
    const reproduction = reproductionOf('table8');
    const result = summarizeTable(
      reproduction,
      reproduction.grid.map(({ options }, group) =>
        compared(
          options,
          options.methods.map((_, i) => [0.03 + 0.01 * i + 0.1 * group, 0.04 + 0.01 * i]),
        ),
      ),
      'runs/t',
    );
    expect(result.rows.map(({ label, paper }) => [label, paper]).slice(0, 2)).toEqual([
      ['L2, Ba & Caruana', 0.0375],
      ['Hinton et al., labels', 0.0366],
    ]);
    expect(result.rows[1]!.measured!.mean).toBeCloseTo(0.045, 12);
    const { head, rows } = reproducedRows(result);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    expect(rows[0]!.slice(3)).toEqual(['3.75 %', '3.50 %', '-0.25, within the interval']);
    expect(result.interpretation[0]).toMatch(
      /^svhn-resnet20: 260 epochs of all training images, .*full test set\.$/,
    );
    expect(reproductionReport(result)).toContain('Hinton et al., labels');
  });

  it('has the five largest logits beside the largest where the paper prints them', async () => {
    const reproduction = reproductionOf('table9');
    const result = summarizeTable(
      reproduction,
      reproduction.grid.map(({ options }) =>
        compared(
          options,
          options.methods.map((_, i) => [0.4 + 0.01 * i]),
          [0.27, 0.06],
        ),
      ),
      'runs/t',
    );
    expect(result.rows.map(({ paperTop5 }) => paperTop5)).toEqual([0.059, 0.2011, 0.1196, 0.1172]);
    const { head, rows } = reproducedRows(result);
    expect(head.slice(6)).toEqual(['paper, top-5', 'measured, top-5', 'difference, top-5']);
    expect(rows[0]!.slice(3)).toEqual(['27.63 %', '27.00 %', '-0.63', '5.90 %', '6.00 %', '+0.10']);
    expect(rows[1]!.slice(3)).toEqual(['43.33 %', '40.00 %', '-3.33', '20.11 %', '20.00 %', '-0.11']);
    const unknown = { ...result.rows[0]!, measuredTop5: null };
    expect(reproducedRows({ ...result, rows: [unknown] }).rows[0]!.slice(6)).toEqual(['5.90 %', '–', '']);
  });

  it('shows a row whose method diverged as not measured, and says so', async () => {
    const reproduction = reproductionOf('table8');
    const result = summarizeTable(
      reproduction,
      reproduction.grid.map(({ options }) => {
        const { methods, ...rest } = compared(
          options,
          options.methods.map(() => [0.1, 0.1]),
        );
        const [{ name }, ...others] = methods as [ComparedMethod, ...ComparedMethod[]];
        const diverged = { name, method: name, usesLabels: false, seeds: [2], message: 'NaN' };
        return { ...rest, methods: others, diverged: [diverged] };
      }),
      'runs/t',
    );
    expect(result.rows[0]!.measured).toBeNull();
    expect(result.rows[1]!.measured!.mean).toBeCloseTo(0.1, 12);
    expect(result.diverged).toHaveLength(reproduction.grid.length);
    expect(result.interpretation.join(' ')).toMatch(/: diverged with seed 2: not measured\./);
  });

  it('says which figures the paper copied', async () => {
    const reproduction = reproductionOf('table7');
    const result = summarizeTable(
      reproduction,
      reproduction.grid.map(({ options }) =>
        compared(
          options,
          options.methods.map(() => [0.1, 0.1]),
        ),
      ),
      'runs/t',
    );
    expect(footnotes(result)).toHaveLength(1);
    expect(reproducedRows(result).rows.filter(([, , label]) => label!.endsWith('*'))).toHaveLength(6);
  });
});

/** `teacher`: its error and top-5 error; then methods have half their error as top-5 error, too. */
function compared(
  { methods }: RunOptions,
  errors: readonly (readonly number[])[],
  teacher?: readonly [error: number, top5: number],
): CompareResult {
  const model = { model: 'm', parameters: 1, flops: 1, seconds: 1, weights: '', bytes: 1 };
  return {
    compare: 'runs/t/c',
    runs: [],
    dataset: 'd',
    backend: 'onnx',
    seeds: [1, 2],
    testImages: 10,
    teacher: {
      ...model,
      testError: teacher?.[0] ?? 0.05,
      ...(teacher === undefined ? {} : { testTop5Error: teacher[1] }),
    },
    methods: errors.map((values, i): ComparedMethod => ({
      ...model,
      seconds: intervalOf([1, 1]),
      name: studentNames(methods)[i]!,
      method: 'x',
      usesLabels: false,
      testError: intervalOf(values),
      ...(teacher === undefined ? {} : { testTop5Error: intervalOf(values.map((value) => value / 2)) }),
      agreement: intervalOf([1, 1]),
      differences: [],
    })),
    interpretation: [],
    reading: [],
  };
}
