import type { SentError } from '../errors/sent-error.js';

/** Functions by name that a thread answers: of arguments, and with results, that threads can send each other. */
export type ThreadCalls<Calls> = { [Name in keyof Calls]: (...args: never[]) => unknown };

/** What computes the answers on the thread, at once or later. */
export type Answers<Calls extends ThreadCalls<Calls>> = {
  [Name in keyof Calls]: (
    ...args: Parameters<Calls[Name]>
  ) => Promise<ReturnType<Calls[Name]>> | ReturnType<Calls[Name]>;
};

/** A call on its way to the thread. */
export interface ThreadRequest {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The answer to the call of the same number. */
export type ThreadReply =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: SentError };

/** What hears of a thread. */
export interface ThreadListener {
  answered(reply: ThreadReply): void;
  /** The thread failed outside of a call, or has ended. */
  failed(error: Error): void;
}

/** A thread that answers requests: the same interface in Node and in browsers. */
export interface CallThread {
  post(request: ThreadRequest, transfer: readonly ArrayBuffer[]): void;
  /** Whether the thread keeps the process alive. */
  hold(held: boolean): void;
  end(): Promise<void>;
}
