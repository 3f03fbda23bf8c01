/** Counts of a log, as the table of docs/reliability.md. */

const sum = (records, count) => records.reduce((total, record) => total + count(record), 0);

export function printCounts(records) {
  const groups = [...new Set(records.map(({ group }) => group))];
  const row = (name, of) => [
    name,
    of.length,
    sum(of, ({ delivered }) => delivered),
    sum(of, ({ resumed }) => resumed),
    sum(of, ({ kills }) => kills.filter(({ killed, signals }) => killed && signals[0] !== 'SIGKILL').length),
    sum(of, ({ repeated }) => repeated.length),
    of.filter(({ problems }) => problems.length > 0).length,
  ];
  const rows = [
    ...groups.map((group) =>
      row(
        group,
        records.filter((one) => one.group === group),
      ),
    ),
    row('all', records),
  ];
  const head = [
    'command',
    'cases',
    'kills',
    'of these while resuming',
    'by other signals',
    'finished models trained again',
    'cases with other results',
  ];
  console.log(
    `\n| ${head.join(' | ')} |\n| --- | ${head
      .slice(1)
      .map(() => '---:')
      .join(' | ')} |`,
  );
  for (const cells of rows) console.log(`| ${cells.join(' | ')} |`);
}
