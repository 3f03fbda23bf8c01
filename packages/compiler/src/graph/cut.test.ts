import { describe, expect, it } from 'vitest';
import { GraphFixture } from '../../test/graph-fixtures.js';
import { cutAtRankMeans, rankMean, type Section } from './cut.js';
import type { NamedValue } from './value.js';

const operatorsIn = ({ graph }: Section): string[] => graph.nodes.map(({ op }) => op);
const inputsOf = ({ graph }: Section): string[] => [...graph.inputs.keys()];
const outputsOf = ({ outputs }: Section): string[] => outputs.map(({ name }) => name);

const cut = (fixture: GraphFixture, ...outputs: NamedValue[]): readonly Section[] =>
  cutAtRankMeans(fixture.graph, outputs);

describe('cutAtRankMeans', () => {
  it('leaves a graph without means over ranks whole', () => {
    const fixture = new GraphFixture();
    const y = fixture.elementwise('Relu', fixture.input('batch/x', 4));
    const [section, ...others] = cut(fixture, { name: 'next/y', value: y });
    expect(others).toEqual([]);
    expect([operatorsIn(section!), inputsOf(section!), outputsOf(section!)]).toEqual([
      ['Relu'],
      ['batch/x'],
      ['next/y'],
    ]);
    expect(section).toMatchObject({ holds: [], reads: [], drops: [], sends: [] });
  });

  it('takes the mean of a mean once', () => {
    const fixture = new GraphFixture();
    const mean = rankMean(fixture.graph, fixture.elementwise('Sin', fixture.input('batch/x', 4)));
    expect(rankMean(fixture.graph, mean)).toBe(mean);
  });

  it('passes on what later sections read, until the last of them has', () => {
    const fixture = new GraphFixture();
    const x = fixture.elementwise('Exp', fixture.elementwise('Sin', fixture.input('batch/x', 4)));
    const sum = fixture.elementwise('Add', x, fixture.input('state/a', 4));
    const first = fixture.elementwise('Mul', x, rankMean(fixture.graph, sum));
    const second = fixture.elementwise('Sub', x, rankMean(fixture.graph, first));
    const sections = cut(fixture, { name: 'next/y', value: second });
    expect(sections.map(operatorsIn)).toEqual([['Sin', 'Exp', 'Add'], ['Mul'], ['Sub']]);
    const [one, two, three] = sections as [Section, Section, Section];
    expect(one.holds).toHaveLength(1);
    const [held] = one.holds;
    const [sent] = one.sends;
    expect(outputsOf(one)).toEqual([held, sent!.output]);
    expect(sent!.shape).toEqual([4]);
    expect(two.reads.toSorted()).toEqual([held, sent!.input].toSorted());
    expect(two.drops).toEqual([sent!.input]);
    expect(three.reads.toSorted()).toEqual([held, two.sends[0]!.input].toSorted());
    expect(three.drops.toSorted()).toEqual(three.reads.toSorted());
    expect(outputsOf(three)).toEqual(['next/y']);
  });

  it('exchanges together what does not depend on each other', () => {
    const fixture = new GraphFixture();
    const x = fixture.input('batch/x', 4);
    const means = ['Sin', 'Cos'].map((op) => rankMean(fixture.graph, fixture.elementwise(op, x)));
    const sections = cut(fixture, { name: 'next/y', value: fixture.elementwise('Add', ...means) });
    expect(sections.map(operatorsIn)).toEqual([['Sin', 'Cos'], ['Add']]);
    expect(sections[0]!.sends).toHaveLength(2);
  });

  it('computes what needs no memory where it is read', () => {
    const fixture = new GraphFixture();
    const x = fixture.elementwise('Exp', fixture.input('batch/x', 4));
    const mask = fixture.elementwise('Sign', fixture.elementwise('Abs', x));
    const mean = rankMean(fixture.graph, x);
    const y = fixture.elementwise('Add', fixture.elementwise('Mul', x, mean), mask);
    const sections = cut(fixture, { name: 'next/y', value: y });
    expect(sections.map(operatorsIn)).toEqual([['Exp'], ['Abs', 'Sign', 'Mul', 'Add']]);
  });

  it('gives out a mean that is an output itself', () => {
    const fixture = new GraphFixture();
    const mean = rankMean(fixture.graph, fixture.input('state/a', 4));
    const sections = cut(fixture, { name: 'next/a', value: mean });
    expect(sections.map(operatorsIn)).toEqual([[], []]);
    expect(sections.map(outputsOf)).toEqual([[sections[0]!.sends[0]!.output], ['next/a']]);
    expect(sections[1]!.drops).toEqual([sections[0]!.sends[0]!.input]);
  });
});
