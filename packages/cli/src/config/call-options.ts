/** Options of one call, which are not part of a run and not recorded. */
export interface CallFlags {
  /** Folder to resume. */
  readonly resume?: string;
  /** Configuration file. */
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly offline?: boolean;
}

export const CALL_TITLE = 'This call';

/** Their flags: key, value in help, help. */
export const callFlags = [
  ['resume', 'folder', 'resume an interrupted run with its own options'],
  ['config', 'file', 'read options from a file; default: anc.config.* in this folder, if there is one'],
  ['json', null, 'print one JSON document on stdout, everything else on stderr'],
  ['quiet', null, 'show no progress'],
  ['offline', null, 'download nothing: missing files are an error that says where to put them'],
] as const satisfies readonly (readonly [keyof CallFlags, string | null, string])[];

/** The flags of a call among all that were given. */
export const callFlagsOf = (given: Readonly<Record<string, unknown>>): CallFlags =>
  Object.fromEntries(callFlags.flatMap(([key]) => (given[key] === undefined ? [] : [[key, given[key]]])));
