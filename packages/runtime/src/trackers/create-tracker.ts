import { AncError } from '@anc/core';
import { z } from 'zod';
import { MlflowTracker } from './mlflow.js';
import { httpAddress } from './request.js';
import { TrackerHook } from './tracker-hook.js';
import { TrackioTracker } from './trackio.js';

export const mlflowSchema = z.strictObject({
  uri: z.string().min(1).optional().describe('address of the tracking server; default: MLFLOW_TRACKING_URI'),
  experiment: z
    .string()
    .min(1)
    .optional()
    .describe('experiment that runs belong to; default: MLFLOW_EXPERIMENT_NAME, else anc'),
});

export const trackioSchema = z.strictObject({
  url: z.string().min(1).optional().describe('address of the server; default: TRACKIO_SERVER_URL'),
  project: z.string().min(1).default('anc').describe('project that runs belong to'),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `ANC_CONFIG` where no address is known. */
export function createMlflow(
  { uri, experiment }: z.infer<typeof mlflowSchema>,
  environment: Environment = process.env,
): TrackerHook {
  const url = addressOf('mlflow', 'uri', uri, 'MLFLOW_TRACKING_URI', environment);
  const name = experiment ?? nonEmpty(environment['MLFLOW_EXPERIMENT_NAME']) ?? 'anc';
  const token = nonEmpty(environment['MLFLOW_TRACKING_TOKEN']);
  const user = nonEmpty(environment['MLFLOW_TRACKING_USERNAME']) ?? decodeURIComponent(url.username);
  const password = nonEmpty(environment['MLFLOW_TRACKING_PASSWORD']) ?? decodeURIComponent(url.password);
  const basic = (): string | null =>
    user === '' ? null : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return new TrackerHook(new MlflowTracker(url, name, token === null ? basic() : `Bearer ${token}`));
}

/** Throws `ANC_CONFIG` where no address is known. The write token is part of the address that Trackio prints. */
export function createTrackio(
  { url: given, project }: z.infer<typeof trackioSchema>,
  environment: Environment = process.env,
): TrackerHook {
  const url = addressOf('trackio', 'url', given, 'TRACKIO_SERVER_URL', environment);
  const token = url.searchParams.get('write_token') ?? nonEmpty(environment['TRACKIO_WRITE_TOKEN']);
  return new TrackerHook(new TrackioTracker(url, project, token));
}

function addressOf(
  tracker: string,
  option: string,
  given: string | undefined,
  variable: string,
  environment: Environment,
): URL {
  const text = given ?? nonEmpty(environment[variable]);
  if (text === null) {
    throw new AncError('ANC_CONFIG', `the address of the ${tracker} server is missing.`, {
      expected: `${variable} in the environment, or an option`,
      hint: `set ${variable}=<address>, or pass --hook "${tracker}(${option}=<address>)".`,
    });
  }
  try {
    return httpAddress(text);
  } catch {
    throw new AncError('ANC_CONFIG', `the address of the ${tracker} server is none of a server.`, {
      expected: 'an address that begins with http:// or https://',
      received: text.replace(/\?.*$/, '').replace(/\/\/[^@/]*@/, '//'),
      hint: `correct ${given === undefined ? variable : option}.`,
    });
  }
}

const nonEmpty = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text;
