import { formatLarge, formatSeconds } from '@anc/pipeline/options';
import type { Session } from './command.js';

/** `run --plan`: what a run would cost. Nothing is written. */
export async function planRun(flags: Record<string, unknown>, session: Session): Promise<void> {
  const began = performance.now();
  const [{ openTrainingSession }, { locating }, pipeline, { AncError }, { describeNamed }] =
    await Promise.all([
      import('./run-session.js'),
      import('../config/locate.js'),
      import('@anc/pipeline/internal'),
      import('@anc/core'),
      import('@anc/pipeline/options'),
    ]);
  const { terminal, progress, request, compose, resolved, close } = await openTrainingSession(flags, session);
  try {
    if (request.call.resume !== undefined)
      throw new AncError('ANC_CONFIG', '--plan: a run that is resumed has begun.', {
        hint: 'leave out --resume, or --plan.',
      });
    const { notices, ...costs } = await locating(request.origins, async () => {
      const planned = await resolved();
      const composition = await compose(planned.options.plugins);
      return pipeline.forecastRun({ ...planned, composition }, (performance.now() - began) / 1000);
    });
    for (const notice of notices) progress.notice(notice);
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
  } finally {
    close();
  }
}
