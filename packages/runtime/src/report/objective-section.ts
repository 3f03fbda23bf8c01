import { html, type Markup } from './markup.js';
import type { ReportedStudent } from './report.js';

type Options = Readonly<Record<string, unknown>>;

/** What the students minimized, with this run's numbers. `methods`: completed options by student, of environment.json. */
export function objectiveSection(
  students: readonly Pick<ReportedStudent, 'name'>[],
  methods: Readonly<Record<string, unknown>>,
): Markup | string {
  const rows = students.flatMap(({ name }) => {
    const options = Object.hasOwn(methods, name) ? methods[name] : undefined;
    return isOptions(options) ? [{ name, lines: objectiveOf(name, options) }] : [];
  });
  if (rows.length === 0) return '';
  return html`<h2>Objective</h2>
    <p class="soft">
      f_t, f_s: logits of teacher and student; t, s: features; D: the discriminator's probability that
      features are the teacher's; E: mean over the images of a batch; σ_τ: softmax at temperature τ; y:
      labels.
    </p>
    <dl class="objective">
      ${rows.map(
        ({ name, lines }) =>
          html`<dt>${name}</dt>
            <dd>${lines.map((line) => html`<code>${line}</code>`)}</dd>`,
      )}
    </dl>`;
}

/** Lines of an objective: the equation with its numbers, and what it does not show. */
export function objectiveOf(name: string, options: Options): string[] {
  const { lambda, hardWeight = 0, hardWeightMode = 'share' } = options;
  if (typeof lambda !== 'number' || typeof hardWeight !== 'number')
    return [`loss of ${name}${listed(options)}`];
  const data = dataTermOf(name, options);
  const weight = hardWeightMode === 'share' ? (1 - hardWeight) * lambda : lambda;
  const hard = hardWeight === 0 ? '' : ` + ${number(hardWeight)} · CE(y, f_s)`;
  const terms = `${times(weight, data)}${hard}`;
  const loss = namedOf(options['adversarialLoss']);
  const minimized = `min over f_s: ${terms}`;
  if (loss === null) return [minimized];
  const strength = typeof options['adversarialWeight'] === 'number' ? options['adversarialWeight'] : 1;
  const dropout = typeof options['dropout'] === 'number' ? options['dropout'] : 0;
  const seen = dropout === 0 ? 's' : `dropout_${number(dropout)}(s)`;
  const regularizer = namedOf(options['regularizer']) ?? 'none';
  const penalty = regularizer === 'none' ? '' : ` + regularizer ${regularizer}`;
  if (loss === 'label-inversion' || loss === 'saturating') {
    const term =
      loss === 'label-inversion'
        ? `− ${times(strength, `E log D(${seen})`)}`
        : `+ ${times(strength, `E log(1 − D(${seen}))`)}`;
    return [`${minimized} ${term}`, `min over D: − E log D(t) − E log(1 − D(s))${penalty}`];
  }
  return [
    `${minimized} + ${times(strength, `Adv_${loss}(D(${seen}))`)}`,
    `min over D: loss of ${loss} on D(t), D(s)${penalty}`,
  ];
}

function dataTermOf(method: string, options: Options): string {
  const named = namedOf(options['dataTerm']);
  const own = (options['dataTerm'] as { readonly options?: Options } | undefined)?.options ?? {};
  const of = { ...options, ...own };
  const temperature = typeof of['temperature'] === 'number' ? of['temperature'] : null;
  const term = named ?? (temperature === null ? (of['reduction'] === undefined ? method : 'l2') : 'kl');
  const t = temperature === null ? 'τ' : number(temperature);
  if (term === 'l2') return of['reduction'] === 'mean' ? 'E mean (f_t − f_s)²' : 'E ‖f_t − f_s‖²';
  if (term === 'kl' && (method.startsWith('kd') || named === 'kl'))
    return `${t}² E KL(σ_${t}(f_t) ‖ σ_${t}(f_s))`;
  const written = temperature === null ? '' : `, τ = ${t}`;
  return `Data_${named ?? method}(f_t, f_s${written})`;
}

const times = (weight: number, term: string): string => (weight === 1 ? term : `${number(weight)} · ${term}`);

const number = (value: number): string => String(Number(value.toPrecision(4)));

/** Simple options as ` with a = 1, b = 2`. */
function listed(options: Options): string {
  const simple = Object.entries(options).filter(([, value]) => typeof value === 'number');
  return simple.length === 0
    ? ''
    : ` with ${simple.map(([key, value]) => `${key} = ${String(value)}`).join(', ')}`;
}

/** The name of a part that is given with options. */
function namedOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const { name } = (value ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : null;
}

const isOptions = (value: unknown): value is Options => typeof value === 'object' && value !== null;
