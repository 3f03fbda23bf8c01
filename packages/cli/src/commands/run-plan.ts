import { formatLarge, formatSeconds } from '@anc/pipeline/options';
import type { Session } from './command.js';
import { nothingToResume } from './nothing-to-resume.js';
import type { Resuming } from './run.js';

/** `run --plan`: what a run would cost. Nothing is written. Throws `ANC_CONFIG` beside what resumes a run. */
export async function planRun(
  flags: Record<string, unknown>,
  { acceptChanges, changePlugins, continueStopped }: Resuming,
  session: Session,
): Promise<void> {
  const began = performance.now();
  const [
    { openTrainingSession },
    { locating },
    { endInterrupted },
    pipeline,
    { AncError },
    { describeNamed },
  ] = await Promise.all([
    import('./run-session.js'),
    import('../config/locate.js'),
    import('../terminal/interrupted.js'),
    import('@anc/pipeline/internal'),
    import('@anc/core'),
    import('@anc/pipeline/options'),
  ]);
  const { terminal, progress, signal, request, compose, resolved, close } = await openTrainingSession(
    flags,
    session,
  );
  try {
    if (request.call.resume !== undefined)
      throw new AncError('ANC_CONFIG', '--plan: a run that is resumed has begun.', {
        hint: 'leave out --resume, or --plan.',
      });
    const resuming = {
      '--change-options': acceptChanges,
      '--change-plugins': changePlugins === true,
      '--continue-stopped': continueStopped,
    };
    const flag = Object.entries(resuming).find(([, given]) => given)?.[0];
    if (flag !== undefined)
      throw await nothingToResume(
        flag,
        `leave out ${flag}: a new run takes options and plugins as they are given.`,
        '--resume <folder> beside it, and no --plan',
      );
    const { notices, ...costs } = await locating(request.origins, async () => {
      const planned = await resolved();
      const composition = await compose(planned.options.plugins);
      return pipeline.forecastRun({ ...planned, composition }, (performance.now() - began) / 1000);
    });
    for (const notice of notices) progress.show(notice);
    progress.close();
    terminal.document(costs);
    const models = Object.entries(costs.models).map(([name, seconds]) => `${name} ${formatSeconds(seconds)}`);
    terminal.print(`time: about ${formatSeconds(costs.seconds)} (${models.join(', ')})`);
    terminal.print(`memory: about ${formatLarge(costs.memory)}B; disk: at most ${formatLarge(costs.disk)}B`);
    for (const { student, views, seconds } of costs.alternatives) {
      const what =
        student === undefined
          ? `${views} views of each image (--views ${views})`
          : `the student ${describeNamed(student)} (--student)`;
      terminal.print(`with ${what}: about ${formatSeconds(seconds)}`);
    }
  } catch (error) {
    if (!pipeline.isInterruption(error, signal)) throw error;
    progress.close();
    endInterrupted(terminal, session, ' while measuring; no run was begun');
  } finally {
    close();
  }
}
