import type { z } from 'zod';

/**
 * Name of a network: the name of the model and all options that differ from its defaults, so that networks of equal
 * name compute the same function. What depends on the images belongs into `options` too, or into `model`.
 */
export function networkName<T extends object>(model: string, schema: z.ZodType<T>, options: T): string {
  const defaults = schema.parse({}) as Record<string, unknown>;
  const changed = Object.entries(options)
    .map(([key, value]) => [key, JSON.stringify(value)] as const)
    .filter(([key, text]) => text !== JSON.stringify(defaults[key]))
    .map(([key, text]) => `${key}=${text}`);
  return changed.length === 0 ? model : `${model}(${changed.join(',')})`;
}
