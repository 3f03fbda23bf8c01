import { describe, expect, it } from 'vitest';
import { ISA_AMX, ISA_AVX512, ISA_AVX512_BF16, ISA_AVX512_VNNI } from './constants.js';
import { isBfloat16Fast } from './instructions.js';

describe('isBfloat16Fast', () => {
  const [amd, intel] = ['AMD EPYC 9654 96-Core Processor', 'Intel(R) Xeon(R) Processor'];

  it.each([
    ['AMX of any maker', ISA_AMX, intel, true],
    ['AVX512_BF16 of AMD', ISA_AVX512_BF16, amd, true],
    ['AVX512_BF16 of Intel, which is no faster than float32', ISA_AVX512_BF16, intel, false],
    ['AVX512_BF16 of an unknown processor', ISA_AVX512_BF16, '', false],
    ['AVX-512 of AMD without bfloat16', ISA_AVX512, amd, false],
    ['VNNI of AMD without bfloat16', ISA_AVX512_VNNI, amd, false],
    ['nothing', 0, amd, false],
  ])('%s', (_, available, model, expected) => {
    expect(isBfloat16Fast(available, model)).toBe(expected);
  });
});
