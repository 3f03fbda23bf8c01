const origins = new WeakMap<object, string>();

/** Records who provides a component, for errors: `regularizer "lecam" of plugin "@anc/methods"`. */
export function setOrigin(component: unknown, origin: string): void {
  if (typeof component === 'object' && component !== null) origins.set(component, origin);
}

/** Lets errors call a component that changes another one by the other's name: `discriminator "patch" of plugin "zoo"`. */
export function shareOrigin(component: unknown, inner: object): void {
  const origin = origins.get(inner);
  if (origin !== undefined) setOrigin(component, origin);
}

/** A component as errors call it: with the plugin that provides it, where that is known. */
export const originOf = (kind: string, component: { readonly name: string }): string =>
  origins.get(component) ?? `${kind} "${component.name}"`;
