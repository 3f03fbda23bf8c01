/** The tables of docs/backends.md: reads their rows and replaces the measured cells. */
import { HOST_BATCH, HOST_NETWORKS } from './host-cost.mjs';
import { NETWORKS } from './speed.mjs';

const networks = Object.keys(NETWORKS);
const NONE = '–';

const cellsOf = (line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The backend of a row, such as `onnx` or `tfjs:wasm in Chromium`, without markup. */
const nameOf = ([first]) => first.replaceAll(/[`¹]/g, '').trim();

const shown = (name) => name.replace(/^\S+/, '`$&`');

/** Replaces the table between `<!-- mark: … -->` and `<!-- end of mark -->`. */
function withTable(text, mark, { head, order, row, name, caption }) {
  const region = new RegExp(`(<!-- ${mark}: [^]*?-->)([^]*?)(<!-- end of ${mark} -->)`);
  const [, , before] = region.exec(text) ?? [];
  if (before === undefined) throw new Error(`the page has no region "${mark}"`);
  const rows = before
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map(cellsOf);
  const old = rows.find((cells) => nameOf(cells) === name) ?? [shown(name), ...head.slice(1).map(() => NONE)];
  const kept = rows.filter((cells) => nameOf(cells) !== name);
  const place = (cells) => order.indexOf(nameOf(cells));
  const sorted = [...kept, row(old)].sort((a, b) => place(a) - place(b));
  const rule = head.map((title) => (/^(backend|capab|contr|worst)/.test(title) ? '---' : '---:'));
  const table = [head, rule, ...sorted].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return text.replace(
    region,
    (_, begin, __, end) => `${begin}\n\n${table}\n\n${caption(before.trim().split('\n').at(-1))}\n\n${end}`,
  );
}

const rate = (value) =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(2)));

const can = ({ training, deterministic, compiled }) =>
  [training && 'trains', compiled ? 'compiled' : 'op by op', deterministic && 'deterministic']
    .filter(Boolean)
    .join(', ');

/** Capabilities, contract and speeds. Cells that were not measured stay. */
export function mainTable(text, report, { machine, again, order }) {
  const { name, capabilities, passed, failures, worst, speeds, batch } = report;
  if (failures === undefined && speeds === undefined) return text;
  const head = ['backend', 'capabilities', 'contract', 'worst relative error'];
  const faster = (before, value) =>
    again && Number(before.replaceAll(',', '')) > value ? before : rate(value);
  const row = ([first, , contract, error, ...rates]) => [
    speeds === undefined ? first : `${shown(name)}${batch === 1 ? ' ¹' : ''}`,
    can(capabilities),
    ...(failures === undefined
      ? [contract, error]
      : [
          failures.length === 0
            ? `all ${passed} passed`
            : `${failures.length} of ${passed + failures.length} failed`,
          worst.error.toExponential(1),
        ]),
    ...(speeds === undefined ? rates : networks.map((network, i) => faster(rates[i], speeds[network]))),
  ];
  return withTable(text, 'table', {
    head: [...head, ...networks.map((network) => `${network}, images/s`)],
    order,
    row,
    name,
    caption: (before) =>
      speeds === undefined
        ? before
        : `Measured on ${machine}, Node ${process.version}. Training steps in batches of 32 (¹ in batches of 1).`,
  });
}

/** What a step costs the calling thread. */
export function hostTable(text, { name, host }, { machine, again, order }) {
  if (host === undefined || host === null) return text;
  const fewer = (before, value) => (again && Number(before) < value ? before : rate(value));
  const row = ([first, ...before]) => [
    first,
    ...HOST_NETWORKS.flatMap((network, i) => {
      const { dispatches = NONE, submits = NONE, milliseconds } = host[network];
      return [String(dispatches), String(submits), fewer(before[3 * i + 2], milliseconds)];
    }),
  ];
  return withTable(text, 'host', {
    head: [
      'backend',
      ...HOST_NETWORKS.flatMap((network) => [
        `${network}: dispatches`,
        `${network}: submissions`,
        `${network}: host ms`,
      ]),
    ],
    order,
    row,
    name,
    caption: () =>
      `Measured on ${machine}, Node ${process.version}. One training step, in batches of ${HOST_BATCH}.`,
  });
}
