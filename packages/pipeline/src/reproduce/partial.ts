import { join } from 'node:path';
import { Checksums } from '@anc/runtime';
import type { CompareResult } from '../compare/documents.js';
import { DOCUMENT, exists, RECORD } from '../compare/folder.js';
import { partialComparison } from '../compare/partial.js';
import { rowsOf } from '../compare/table.js';
import { jobsFolder } from '../jobs/claims.js';
import { readDocument } from '../run/read-document.js';
import { inWords, type PartialResult } from '../jobs/partial-result.js';
import { readReproduction } from './folder.js';

/** What is finished of a reproduction, comparison by comparison. */
export async function partialReproduction(path: string): Promise<PartialResult> {
  const { grid, seeds } = await readReproduction(path, {});
  const parts = await Promise.all(
    grid.map(async ({ name, options }): Promise<PartialResult> => {
      const folder = join(path, name);
      const total = 1 + options.methods.length * seeds.length;
      const text = await new Checksums(folder).readText(DOCUMENT).catch(() => null);
      if (text !== null) {
        const table = rowsOf(readDocument<CompareResult>(text));
        return { trainings: { finished: total, total }, sections: [{ title: name, table, lines: [] }] };
      }
      if (!(await exists(join(folder, RECORD))))
        return { trainings: { finished: 0, total }, sections: [{ title: name, lines: ['Not begun.'] }] };
      const { trainings, sections } = await partialComparison(folder, {
        folder: jobsFolder(path),
        prefix: `${name}-`,
      });
      const titled = sections.map((section) => ({ ...section, title: `${name}: ${inWords(trainings)}` }));
      return { trainings, sections: titled };
    }),
  );
  const sum = (key: 'finished' | 'total'): number =>
    parts.reduce((all, { trainings }) => all + trainings[key], 0);
  return {
    trainings: { finished: sum('finished'), total: sum('total') },
    sections: parts.flatMap(({ sections }) => sections),
  };
}
