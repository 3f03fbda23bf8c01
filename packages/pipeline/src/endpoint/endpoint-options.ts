import { z } from 'zod';
import { validateOptions } from '../composition/validate-options.js';
import type { Named } from '../text/named.js';
import type { HttpTeacherOptions } from './http-teacher.js';

const schema = z.strictObject({
  format: z
    .enum(['png', 'raw'])
    .optional()
    .describe('png: JSON with PNG images; raw: bytes with the header x-shape'),
  batchSize: z.number().int().min(1).optional().describe('images of a request at most'),
  timeout: z.number().positive().optional().describe('seconds until a request is given up'),
  retries: z.number().int().min(0).optional().describe('how often a request is repeated'),
  version: z
    .union([z.string(), z.number()])
    .transform(String)
    .optional()
    .describe('changes when the model behind the address does'),
  outputs: z.enum(['logits', 'probabilities']).optional().describe('what the numbers are'),
});

/** Whether a teacher's name is the address of an HTTP endpoint. */
export const isEndpoint = ({ name }: Pick<Named, 'name'>): boolean => /^https?:\/\//i.test(name);

/** What is said of an endpoint: `http://localhost:8000/predict(format=raw)`. Throws `ANC_OPTIONS`. */
export const endpointOptions = async ({ options }: Named): Promise<HttpTeacherOptions> =>
  (await validateOptions(schema, options, 'the teacher')) as HttpTeacherOptions;
