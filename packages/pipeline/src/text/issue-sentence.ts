import type { z } from 'zod';

/** What a schema expected, without what it received: a clause that begins in lower case and has no full stop. */
export function issueSentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue, issue.minimum)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue, issue.maximum)}`;
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : article(issue.expected)}`;
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`;
    default:
      return issue.message;
  }
}

function unit({ origin }: { readonly origin: string }, n: number | bigint): string {
  if (origin === 'array') return ' in the list';
  return origin === 'string' ? ` letter${Number(n) === 1 ? '' : 's'}` : '';
}

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
