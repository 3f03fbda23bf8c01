import { join } from 'node:path';
import { areJobsOpen } from '../jobs/claims.js';
import { optionError } from '../options/option-error.js';
import { exists, readRecord, RECORD, recordSeeds } from './folder.js';
import { prepareComparison } from './jobs.js';
import { placeOf, type Comparison } from './seed-run.js';

/**
 * Gives the folder of a comparison other seeds, where its record has others, once everything is checked: more of them are trained
 * beside what is there, fewer are compared without the rest, whose runs stay.
 *
 * @throws `ANC_CONFIG` while trainings are shared among processes, which have their seeds from the record; what checking the
 *   first run throws.
 */
export async function takeSeeds(comparison: Comparison): Promise<void> {
  const { path, record } = comparison;
  if (!(await exists(join(path, RECORD)))) return;
  const { seeds } = await readRecord(path, {});
  if (seeds.join() === record.seeds.join()) return;
  const { folder, prefix } = placeOf(comparison);
  if (await areJobsOpen(folder, prefix)) {
    throw optionError(
      ['seeds'],
      'processes share the trainings of this comparison, each with the seeds of its record.',
      {
        expected: `--seeds ${seeds.length}, or no --seeds`,
        received: `--seeds ${record.seeds.length}`,
        hint: 'finish it with its own seeds, then resume it with others.',
      },
    );
  }
  await prepareComparison(comparison);
  await recordSeeds(path, record.seeds);
}
