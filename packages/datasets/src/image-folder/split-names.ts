/** What a folder of images is for. */
export type SplitRole = 'train' | 'validation' | 'test';

const WORDS: readonly (readonly [SplitRole, RegExp])[] = [
  ['train', /^(train|training|trn)$/],
  ['validation', /^(val|valid|validation|validate|dev|development|eval|evaluation)$/],
  ['test', /^(test|testing|tst|holdout)$/],
];

/** Words beside a split's name that say nothing else. */
const FILLER = /^(set|sets|data|dataset|images?|imgs?|pictures?|photos?|split|samples?|files)$/;
const GLUED = /^(train|training|val|valid|validation|dev|eval|test|testing)(set|data|images?|imgs?|split)$/;

/** A split's name and what else stands in the folder's name: `train2017` is `train` of `2017`. */
export interface NamedSplit {
  readonly role: SplitRole;
  /** The word for it. */
  readonly word: string;
  readonly rest: string;
}

/** Reads a folder's name as that of a split, in any case and spelling; null where it is none. */
export function splitNameOf(name: string): NamedSplit | null {
  const words = name
    .normalize('NFKC')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .match(/\p{L}+|\p{N}+/gu);
  const tokens = (words ?? []).flatMap((word) => GLUED.exec(word)?.slice(1) ?? [word]);
  const roles = tokens.map((token) => WORDS.find(([, pattern]) => pattern.test(token))?.[0]);
  const at = roles.findIndex((role) => role !== undefined);
  if (at === -1 || roles.filter((role) => role !== undefined).length > 1) return null;
  const rest = tokens.filter((token, i) => i !== at && !FILLER.test(token)).join(' ');
  return { role: roles[at]!, word: tokens[at]!, rest };
}
