/** One case: a command that is killed a few times, continued until it has finished, and compared. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from './same-files.mjs';
import { isThere } from './commands.mjs';
import { drawKill } from './moment.mjs';
import { ancCli } from './program.mjs';

/** Tries to finish after the last kill. */
const TRIES = 3;
const STACK = /\n\s+at .+:\d+:\d+\)?\n/;

/** What a process may end with after a kill: nothing else is expected of it. */
function endOf({ code, signal, hung, output }) {
  if (hung) return { problem: 'hung' };
  if (STACK.test(output) || output.includes('ANC_INTERNAL'))
    return { problem: `stack trace: ${firstError(output)}` };
  if (code === 0) return { finished: true };
  if (code === 2 && output.includes('start it again')) return { startsAgain: true };
  if (signal !== null || code === 130) return { killed: true };
  return { problem: `exit code ${code}: ${firstError(output)}` };
}

const firstError = (output) =>
  (/^(?:error: )?(?:.*rror.*)$/m.exec(output)?.[0] ?? output.trim().slice(-200)).trim();

/** Weights of finished models, with the time at which they were written. */
function finishedModels(folder) {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return new Map();
  const results = readdirSync(folder, { recursive: true }).filter((name) =>
    /(?:teacher|student\/[^/]+)\/result\.json$/.test(name),
  );
  return new Map(
    results.flatMap((name) => {
      const weights = name.replace('result.json', 'weights.safetensors');
      const path = join(folder, weights);
      return existsSync(path) ? [[weights, statSync(path).mtimeMs]] : [];
    }),
  );
}

/**
 * @returns {Promise<{ kills: object[], delivered: number, resumed: number, problems: string[], repeated: string[] }>}
 *   `delivered`: kills that ended a process; `resumed`: those of a process that continued another one's work;
 *   `repeated`: finished models that were trained again.
 */
export async function runCase({ command, reference, place, random, kills, env }) {
  mkdirSync(place, { recursive: true });
  const folder = join(place, command.folder);
  const record = { kills: [], delivered: 0, resumed: 0, problems: [], repeated: [] };
  let startsAgain = false;
  const argsNow = () => (isThere(command, place) && !startsAgain ? command.resume : command.start);
  const isFinished = () => command.repeats === true && isThere(command, place);
  let finished = isFinished();
  let models = new Map();
  const notice = () => {
    const now = finishedModels(folder);
    for (const [name, time] of models) if (now.get(name) !== time) record.repeated.push(name);
    models = now;
  };
  for (let i = 0; i < kills && !finished; i++) {
    const resumes = isThere(command, place);
    const kill = drawKill(random, reference, resumes);
    const end = endOf(await ancCli(argsNow(), place, kill, env));
    record.kills.push({ ...kill, resumes, ...end });
    startsAgain = end.startsAgain === true;
    if (end.problem !== undefined) record.problems.push(`after kill ${i + 1}: ${end.problem}`);
    if (end.killed === true) {
      record.delivered++;
      if (resumes) record.resumed++;
    }
    finished = end.finished === true || isFinished();
    notice();
  }
  for (let attempt = 1; !finished && attempt <= TRIES; attempt++) {
    const end = endOf(await ancCli(argsNow(), place, null, env));
    startsAgain = end.startsAgain === true;
    if (end.finished === true) finished = true;
    else if (!startsAgain) record.problems.push(`when continued: ${end.problem ?? 'killed'}`);
    notice();
  }
  if (!finished) record.problems.push('never finished');
  record.problems.push(...differences(reference.place, reference.place, place, place));
  if (record.problems.length === 0) rmSync(place, { recursive: true, force: true });
  return record;
}
