/** Names of students, by their methods: a method that occurs again gets a number, `kd-2`. All names are different. */
export function studentNames(methods: readonly { readonly name: string }[]): string[] {
  const names = new Set<string>();
  for (const { name: method } of methods) {
    let name = method;
    for (let number = 2; names.has(name); number++) name = `${method}-${number}`;
    names.add(name);
  }
  return [...names];
}
