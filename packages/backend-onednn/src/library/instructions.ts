import { ISA_AMX, ISA_AVX512_BF16 } from './constants.js';

/** Whether all instructions of a set are among those of a processor; both as bits of the library's `dnnl_cpu_isa_t`. */
export const hasInstructions = (available: number, set: number): boolean => (available & set) === set;

/**
 * Whether a processor multiplies bfloat16 faster than float32: with AMX, and on AMD's cores with AVX512_BF16, where one such
 * instruction takes as long as one of float32 and does twice the work. On Intel's without AMX it takes twice as long.
 *
 * @param available bits of `dnnl_cpu_isa_t`
 * @param model name of the processor, as `os.cpus()` gives it
 */
export const isBfloat16Fast = (available: number, model: string): boolean =>
  hasInstructions(available, ISA_AMX) ||
  (hasInstructions(available, ISA_AVX512_BF16) && /\bAMD\b/.test(model));
