/** How quantities are written, for errors. */
export const QUANTITY_FORM = 'a number above 0, with or without a unit (k, M, G; ki, Mi, Gi), e.g. 100k';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  ki: 2 ** 10,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** A number, or a text of one with a unit: `100k`, `2.5M`, `64ki`; a `B` for bytes may follow. Null for anything else. */
export function readQuantity(value: number | string): number | null {
  const [, digits = '', unit = ''] =
    /^\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([kKMG]i?)?B?\s*$/.exec(String(value)) ?? [];
  const number = Number(digits) * (UNITS[unit] ?? NaN);
  return digits !== '' && Number.isFinite(number) && number > 0 ? number : null;
}
