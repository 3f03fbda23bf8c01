/** Letters that no shell reads as anything else. */
const PLAIN = /^[\w@%+=:,./][\w@%+=:,./-]*$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * A text as one word of a command, for commands in messages: names of files may hold spaces, quotes and `$(…)`. In the
 * notation of POSIX shells; control characters in that of bash.
 */
export function shellQuoted(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text.search(CONTROL) === -1) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", `\\'`)
    .replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `$'${escaped}'`;
}
