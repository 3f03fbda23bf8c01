import { AncError } from '@anc/core';
import { z } from 'zod';
import { MlflowTracker } from './mlflow.js';
import { httpAddress } from './request.js';
import { TrackerHook } from './tracker-hook.js';
import { TrackioTracker } from './trackio.js';

export const mlflowSchema = z.strictObject({
  uri: z
    .string()
    .min(1)
    .optional()
    .describe('address of the tracking server, without credentials; default: MLFLOW_TRACKING_URI'),
  experiment: z
    .string()
    .min(1)
    .optional()
    .describe('experiment that runs belong to; default: MLFLOW_EXPERIMENT_NAME, else anc'),
});

export const trackioSchema = z.strictObject({
  url: z
    .string()
    .min(1)
    .optional()
    .describe('address of the server, without its write token; default: TRACKIO_SERVER_URL'),
  project: z.string().min(1).default('anc').describe('project that runs belong to'),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `ANC_CONFIG` where no address is known, an option has credentials in it, or a token is malformed. */
export function createMlflow(
  { uri, experiment }: z.infer<typeof mlflowSchema>,
  environment: Environment = process.env,
): TrackerHook {
  const { url, credentials } = addressOf('mlflow', 'uri', uri, 'MLFLOW_TRACKING_URI', environment);
  const name = experiment ?? nonEmpty(environment['MLFLOW_EXPERIMENT_NAME']) ?? 'anc';
  const token = tokenOf(environment['MLFLOW_TRACKING_TOKEN'], 'MLFLOW_TRACKING_TOKEN');
  const user = nonEmpty(environment['MLFLOW_TRACKING_USERNAME']) ?? credentials.user;
  const password = nonEmpty(environment['MLFLOW_TRACKING_PASSWORD']) ?? credentials.password;
  const basic = (): string | null =>
    user === '' ? null : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return new TrackerHook(new MlflowTracker(url, name, token === null ? basic() : `Bearer ${token}`));
}

/** Throws `ANC_CONFIG` as `createMlflow` does. The write token is part of the address that Trackio prints. */
export function createTrackio(
  { url: given, project }: z.infer<typeof trackioSchema>,
  environment: Environment = process.env,
): TrackerHook {
  const { url } = addressOf('trackio', 'url', given, 'TRACKIO_SERVER_URL', environment);
  const token =
    tokenOf(url.searchParams.get('write_token'), 'the write_token in TRACKIO_SERVER_URL') ??
    tokenOf(environment['TRACKIO_WRITE_TOKEN'], 'TRACKIO_WRITE_TOKEN');
  return new TrackerHook(new TrackioTracker(url, project, token));
}

interface Address {
  readonly url: URL;
  /** Empty where the address has none. */
  readonly credentials: { readonly user: string; readonly password: string };
}

function addressOf(
  tracker: string,
  option: string,
  given: string | undefined,
  variable: string,
  environment: Environment,
): Address {
  const text = given ?? nonEmpty(environment[variable]);
  if (text === null) {
    throw new AncError('ANC_CONFIG', `the address of the ${tracker} server is missing.`, {
      expected: `${variable} in the environment, or an option`,
      hint: `set ${variable}=<address>, or pass --hook "${tracker}(${option}=<address>)".`,
    });
  }
  // Options are recorded in the run folder and sent to the server.
  if (given !== undefined && /[@?#]/.test(given)) {
    throw new AncError('ANC_CONFIG', `the option "${option}" of ${tracker} has more than an address in it.`, {
      expected:
        'an address without user, password, query and fragment: options are recorded in the run folder',
      hint: `set the environment variable ${variable}=<address> instead.`,
    });
  }
  try {
    const url = httpAddress(text);
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    return { url, credentials: { user, password } };
  } catch {
    throw new AncError('ANC_CONFIG', `the address of the ${tracker} server is none of a server.`, {
      expected: 'an address that begins with http: or https:, its special characters escaped',
      ...(given === undefined ? {} : { received: given }),
      hint: `correct ${given === undefined ? variable : option}.`,
    });
  }
}

/** A token as a header can have it; null where there is none. */
function tokenOf(text: string | null | undefined, where: string): string | null {
  const token = nonEmpty(text);
  if (token !== null && !/^[\x21-\x7e]+$/.test(token)) {
    throw new AncError('ANC_CONFIG', `${where} is no token.`, {
      expected: 'ASCII characters without spaces and line breaks',
      hint: `correct ${where}.`,
    });
  }
  return token;
}

const nonEmpty = (text: string | null | undefined): string | null =>
  text === undefined || text === '' ? null : text;
