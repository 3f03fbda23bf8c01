import type { CostForecast } from '../forecast/forecast.js';
import { forecastRun } from '../forecast/forecast-run.js';
import { runRequest, type RunInput } from './run-input.js';

/**
 * What a run of these options will cost: time, memory, disk, and the time with a smaller student and with fewer views. A few
 * steps of every model are measured; nothing is written. Throws what `distill` throws before it begins.
 */
export async function forecast(options: RunInput): Promise<CostForecast> {
  const began = performance.now();
  const { compose, ...request } = await runRequest(options);
  const composition = await compose(request.options.plugins);
  const { notices: _, ...costs } = await forecastRun(
    { ...request, composition },
    (performance.now() - began) / 1000,
  );
  return costs;
}
