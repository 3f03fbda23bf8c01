/** Runs what docs/backends.md shows of pages, and sends how far its logits are from those computed in Node. */
const send = (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) });

try {
  const { logitsOf } = await import('virtual:shown'); // it reads the student at once
  const { pixels, logits } = await (await fetch('/student.json')).json();
  const { data, shape } = await logitsOf(Uint8Array.from(pixels));
  const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = largest(logits.map((value, i) => data[i] - value)) / largest(logits);
  await send({ shape, error: error <= 1e-4 ? undefined : `the student's logits are ${error} off` });
} catch (error) {
  await send({ error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
}
