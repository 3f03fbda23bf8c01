import { callSite } from '../errors/call-site.js';
import { AncError } from '../errors/error.js';
import { currentPart } from './parts.js';

/** The error of a step whose code looks at the value of a tensor, with the line at which it does. */
export const valueRead = (): AncError =>
  new AncError(
    'ANC_COMPILE_READ',
    `${currentPart() ?? 'a step'} read the value of a tensor, at ${callSite()}.`,
    {
      expected:
        'a function of tensors that never looks at values (dataSync, data, array, print, if on a value)',
      hint: 'use tf.where or arithmetic on masks instead of branching, and return values to look at as metrics or outputs.',
    },
  );
