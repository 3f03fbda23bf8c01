/** Names of students, by their methods: a method that occurs again gets a number, `kd-2`. */
export function studentNames(methods: readonly { readonly name: string }[]): string[] {
  return methods.map(({ name }, i) => {
    const before = methods.slice(0, i).filter((other) => other.name === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
}
