/** Parses a result document, with the numbers that JSON cannot hold. */
export const readDocument = <R>(text: string): R =>
  JSON.parse(text, (_key, value: unknown) =>
    value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value,
  ) as R;
