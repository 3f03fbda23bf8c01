import { AncError } from '@anc/core';
import type { SearchFlags } from './search-flags.js';

const numbersOf = (text: string, flag: string): number[] => {
  const numbers = text.split(',').map(Number);
  if (numbers.every((value) => Number.isFinite(value) && value > 0)) return numbers;
  throw new AncError('ANC_CONFIG', `${flag}: expected numbers above zero.`, {
    received: text,
    hint: `e.g. ${flag} 0.001,0.002,0.004`,
  });
};
const countOf = (text: string, flag: string, least: number, most: number): number => {
  const count = Number(text);
  if (text.trim() !== '' && Number.isInteger(count) && count >= least && count <= most) return count;
  throw new AncError('ANC_CONFIG', `${flag}: expected a whole number from ${least} to ${most}.`, {
    received: text,
  });
};
/** The search that flags ask for. Throws `ANC_CONFIG`. */
export const searchOf = ({ learningRates, temperatures, budget, confirm }: SearchFlags) => ({
  ...(learningRates === undefined ? {} : { learningRates: numbersOf(learningRates, '--learning-rates') }),
  ...(temperatures === undefined ? {} : { temperatures: numbersOf(temperatures, '--temperatures') }),
  ...(budget === undefined ? {} : { budget: countOf(budget, '--budget', 1, 10_000) }),
  ...(confirm === undefined ? {} : { confirm: countOf(confirm, '--confirm', 0, 1000) }),
});
