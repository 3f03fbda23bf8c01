import { folderName } from '@anc/runtime';

type Methods = readonly { readonly name: string }[];

/**
 * Names of students, by their methods; their folders have the same names. A method that occurs again gets a number,
 * `kd-2`, and characters that are not allowed in every folder's name become `-`. All names are different.
 */
export const studentNames = (methods: Methods): string[] =>
  numbered(methods.map(({ name }) => folderName(name)));

/** The same in run folders of earlier versions, which took the methods' names as they are. */
export const earlierStudentNames = (methods: Methods): string[] => numbered(methods.map(({ name }) => name));

function numbered(all: readonly string[]): string[] {
  const names = new Set<string>();
  for (const one of all) {
    let name = one;
    for (let number = 2; names.has(name); number++) name = `${one}-${number}`;
    names.add(name);
  }
  return [...names];
}
