import { formatLarge } from '../text/format.js';
import { describeNamed } from '../text/named.js';
import type { Costs, Sized, StudentChoice } from './choose.js';
import { LIMITS, type Limits } from './limits.js';

const UNITS: Readonly<Record<keyof Limits, string>> = {
  parameters: 'parameters',
  flops: 'FLOPs',
  bytes: 'bytes',
  ms: 'ms',
};

const amount = (limit: keyof Limits, value: number): string =>
  limit === 'ms' ? String(Number(value.toPrecision(3))) : formatLarge(value);

/** `19.4 k parameters`, `77.6 kB`. */
const withUnit = (limit: keyof Limits, value: number): string =>
  limit === 'bytes' && value >= 1000 ? `${amount(limit, value)}B` : `${amount(limit, value)} ${UNITS[limit]}`;

/** `100 k parameters, 5 M FLOPs`. */
export const limitsInWords = (limits: Limits): string =>
  LIMITS.flatMap((limit) => {
    const value = limits[limit];
    return value === undefined ? [] : [withUnit(limit, value)];
  }).join(', ');

/** `19.4 k parameters of 100 k, 4.8 M FLOPs, …`: what a network costs, of what is allowed. */
export const costsInWords = (costs: Costs, limits: Limits): string =>
  LIMITS.flatMap((limit) => {
    const value = costs[limit];
    if (value === undefined) return [];
    const most = limits[limit];
    return [withUnit(limit, value) + (most === undefined ? '' : ` of ${amount(limit, most)}`)];
  }).join(', ');

const sizedInWords = (sized: Sized): string => `${describeNamed(sized.model)} (${costsInWords(sized, {})})`;

/** Why a network was chosen, in three lines. */
export function choiceInWords(choice: StudentChoice, isNamed: boolean): readonly [string, string, string] {
  const { limits, considered, fitting, others } = choice;
  const counted = LIMITS.some((limit) => limit !== 'ms' && limits[limit] !== undefined);
  return [
    `the student is ${describeNamed(choice.model)}: ${costsInWords(choice, limits)}.`,
    `of ${considered} networks ${isNamed ? 'of its name' : 'that take these images'} ${counted ? `${fitting} are within the budget, and ` : ''}` +
      `it uses most of it${limits.ms === undefined ? '' : ' among those that were fast enough'}${isNamed ? '' : ', of the families that suit images of this size'}.`,
    others.length === 0
      ? 'no other network fits. Choose one with --student.'
      : `the next ones: ${others.map(sizedInWords).join('; ')}. Choose one with --student.`,
  ];
}
