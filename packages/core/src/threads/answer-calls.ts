import { sentError } from '../errors/sent-error.js';
import type { Answers, ThreadCalls, ThreadReply, ThreadRequest } from './calls.js';

/** How calls are answered. */
export interface AnswerOptions<Calls extends ThreadCalls<Calls>> {
  /** Arrays of a result that the thread does not keep: their buffers are moved instead of copied. */
  readonly moved: {
    readonly [Name in keyof Calls]?: (result: ReturnType<Calls[Name]>) => readonly ArrayBufferView[];
  };
  /** Called before each call. */
  readonly enter?: () => void;
  /** Called after each call, when its answer was sent. */
  readonly leave?: () => void;
}

/**
 * Answers the requests of a `ThreadClient`, on its thread: one call after the other, however early it is sent.
 *
 * @returns what takes the requests
 */
export function answerCalls<Calls extends ThreadCalls<Calls>>(
  answers: Answers<Calls>,
  post: (reply: ThreadReply, transfer: ArrayBuffer[]) => void,
  { moved, enter, leave }: AnswerOptions<Calls>,
): (request: ThreadRequest) => void {
  const answer = async ({ id, name, args }: ThreadRequest): Promise<void> => {
    enter?.();
    try {
      const called = name as keyof Calls;
      const value = await answers[called](...(args as Parameters<Calls[keyof Calls]>));
      const buffers = (moved[called]?.(value) ?? []).map(({ buffer }) => buffer as ArrayBuffer);
      post({ id, value }, [...new Set(buffers)]);
    } catch (error) {
      post({ id, error: sentError(error) }, []);
    }
    leave?.();
  };
  let last = Promise.resolve();
  return (request) => {
    last = last.then(() => answer(request));
  };
}
