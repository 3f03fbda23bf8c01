import { decodeNumbers } from '@anc/core/internal';

/** Fields of result documents that hold numbers; all other strings stay text. */
const NUMERIC = [
  'testError',
  'testTop5Error',
  'validation',
  'metrics',
  'parameters',
  'flops',
  'seconds',
  'validationError',
  'validationAgreement',
  'best',
  'decay',
  'bytes',
  'agreement',
  'agreementBaseline',
  'kappa',
  'diagnostics',
  'difference',
  'game',
];

/** Adds the current names of the fields of a document that an earlier version wrote. */
function withCurrentNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withCurrentNames);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withCurrentNames(field)] as const),
  );
  return 'reading' in fields && !('interpretation' in fields)
    ? { interpretation: fields['reading'], ...fields }
    : fields;
}

/** Counts of a teacher that earlier versions wrote as "NaN" where nobody counted. */
const COUNTS = new Set(['parameters', 'flops']);

function withoutNaN(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNaN);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      COUNTS.has(name) && Number.isNaN(field) ? null : withoutNaN(field),
    ]),
  );
}

/** Parses a result document of this or an earlier version, with the numbers that JSON cannot hold. */
export const readDocument = <R>(text: string): R =>
  withoutNaN(withCurrentNames(decodeNumbers(JSON.parse(text), NUMERIC))) as R;
