/** Whether a command answered a damaged file as it should. */

const STACK = /\n\s+at .+:\d+:\d+|ANC_INTERNAL/;

const withoutTimes = (value) => {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (key === 'seconds' ? [] : [[key, withoutTimes(field)]])),
  );
};

export const documentOf = (stdout) => {
  try {
    return JSON.stringify(withoutTimes(JSON.parse(stdout)));
  } catch {
    return `no document: ${stdout.slice(0, 200)}`;
  }
};

/** A report of a run that lost its result says that the run is not finished: what it shows is right. */
const isUnfinishedReport = (stdout) => JSON.parse(stdout).finished === false;

/**
 * `right`: the same result as of a whole folder. `named`: one error that names the file, and says what to do. Anything
 * else is a fault, in words.
 *
 * @param whole the command's document about a folder that is not damaged; null where it is not to be compared
 */
export function judge({ code, stdout, stderr }, file, whole) {
  const output = stdout + stderr;
  if (STACK.test(output))
    return { fault: `stack trace: ${output.trim().split('\n').slice(0, 3).join(' | ')}` };
  if (code === 0) {
    if (isUnfinishedReport(stdout)) return { right: true };
    const same = whole === null || documentOf(stdout) === whole;
    return same ? { right: true } : { fault: 'exit code 0 with another result' };
  }
  const { error } = JSON.parse(stdout);
  const base = file.split('/').at(-1);
  const place = file.split('/').slice(-2).join('/');
  if (!error.message.includes(place) && !error.message.includes(base))
    return { fault: `does not name the file: ${error.code} ${error.message}` };
  if (error.message.split('\n').length < 2 || !/remove|restore|continue|undo|start/.test(error.message)) {
    return { fault: `does not say what to do: ${error.message}` };
  }
  return { named: error.code, message: error.message };
}

/** What an error says to do: a path to remove, and a command to continue with. Null where it is something else. */
export function recoveryIn(message) {
  const [, path] = /remove (?:the folder )?(\/[^\s,;:]+)/.exec(message) ?? [];
  if (path === undefined) return null;
  const [, command, folder] = /anc-cli (run|compare|tune|reproduce) --resume ([^\s,;:]+)/.exec(message) ?? [];
  return { path, args: command === undefined ? null : [command, '--resume', folder.replace(/\.$/, '')] };
}
