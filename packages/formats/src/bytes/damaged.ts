import type { AncError } from '@anc/core';

/** Makes the error for a damaged file. `why` completes "not a readable file: …" and has no period. */
export type Damaged = (why: string) => AncError;
