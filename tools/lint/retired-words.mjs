/**
 * Words that the glossary in CONTRIBUTING.md replaced, with what to write instead. `names`: in identifiers as well; the
 * others only in prose, because they are parts of other words or names of the field.
 */
export const retiredWords = [
  { pattern: /\bcritics?\b/i, use: 'discriminator (AttachedDiscriminator: with the output that it sees)' },
  { pattern: /\bcompanions?\b/i, use: 'auxiliary layer' },
  { pattern: /\b(?:Situation|Aftermath|Judged)\b/, use: 'LossContext, GradientDiagnostics, LossResult' },
  { pattern: /\bplayers?\b/i, use: 'model (the teacher or a student of a run), or network' },
  { pattern: /\brecipes?\b/i, use: 'optimizer config (of one model), or preset (of a run)' },
  { pattern: /\blens\b/i, use: 'wrapContext' },
  { pattern: /\btally\b/i, use: 'metric accumulator' },
  { pattern: /\bportions?\b/i, use: 'chunk' },
  { pattern: /\bworkshop\b/i, use: 'tuning context' },
  { pattern: /\b(?:teacher ?)?memo\b/i, use: 'teacher cache' },
  { pattern: /\bstay(?:s|ing)? in blocks\b/i, use: 'NCHWc layout propagation' },
  { pattern: /\bstandardised\b/i, use: 'normalized' },
  { pattern: /\btold\b/i, use: 'given, passed, reported' },
  { pattern: /\bof all chance\b/i, use: 'random seed' },
  { pattern: /\b(?:rooms|a room|the room|each room)\b/i, use: 'package, folder' },
  {
    pattern:
      /\b(?:quanti|optimi|normali|initiali|recogni|minimi|maximi|regulari|summari|seriali|standardi|organi|generali|binari|speciali)s(?:e|es|ed|er|ers|ing|ation|ations)\b/i,
    use: 'American spelling (-ize)',
  },
  { pattern: /\b(?:colours?|behaviours?|labelled|labelling|centred|modelled|cancelled)\b/i, use: 'American spelling' },
];

/** Splits an identifier into words: `teacherMemoMb` -> `teacher Memo Mb`. */
export const wordsOf = (identifier) =>
  identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replace(/[_$]+/g, ' ');

/** The first retired word in a text, or null. */
export function retiredWordIn(text) {
  for (const { pattern, use } of retiredWords) {
    const match = pattern.exec(text);
    if (match !== null) return { word: match[0], use, index: match.index };
  }
  return null;
}
