import { shellQuoted } from '@anc/core/internal';

/**
 * Writes a report. It is made from documents that are written before it: where there is no space for it, the work is
 * complete nevertheless, and a notice says how to get it. `shown`: the folder as a person names it.
 */
export async function reportOrNotice(
  write: () => Promise<unknown>,
  shown: string,
  notice: (message: string) => void,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { message } = error as Error;
    notice(
      `the report was not written (${message.replace(/\.$/, '')}); everything else was: anc-cli report ${shellQuoted(shown)} writes it.`,
    );
  }
}
