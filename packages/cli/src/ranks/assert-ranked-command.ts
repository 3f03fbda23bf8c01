import { AncError, type Rank } from '@anc/core';

/** Commands that several ranks do together, or that change nothing. */
const RANKED = ['run', 'list', 'describe', 'doctor', 'completion', 'help'];

/** Throws `ANC_MPI` where several processes would do the work of one. */
export function assertRankedCommand(command: string | undefined, rank: Rank): void {
  if (command === undefined || RANKED.includes(command)) return;
  throw new AncError('ANC_MPI', `\`${command}\` is done by one process, not by several ranks.`, {
    expected: '`run`, which ranks do together',
    received: `${rank.ranks} ranks`,
    hint: 'start it without mpiexec.',
  });
}
