import { namesOf, type HostTensor, type Tree } from '@anc/core';
import { equal, relativeError } from './measure.js';
import type { Subject } from './subject.js';
import { play, toyGames, type ToyGame } from './toy-game.js';

/** max|Δ| / max|w| of every tensor after ten updates. */
const STATE_LIMIT = 1e-4;

/** Whole games, against the oracle. */
export function describeGames(subject: Subject): void {
  const { describe, expect, test, oracle } = subject;
  describe('ten updates of the whole step', () => {
    for (const game of toyGames) {
      test(game.name, async (backend) => {
        const [found, wanted] = [await play(backend, game, 10), await play(oracle, game, 10)];
        expect(namesOf(found.state)).toEqual(namesOf(wanted.state));
        expect(wrongEntries(subject, game, found.state, wanted.state)).toEqual([]);
        expect(namesOf(found.metrics)).toEqual(namesOf(wanted.metrics));
        const wrong = namesOf(wanted.metrics).filter((name) => {
          const [a, b] = [found.metrics[name]!, wanted.metrics[name]!];
          return !(Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b)));
        });
        expect(wrong).toEqual([]);
      });
    }

    test('the state moved, and the statistics with it', async (backend) => {
      const game = toyGames[1]!;
      const { state } = await play(backend, game, 2);
      const initial = game.initial();
      const same = namesOf(initial).filter((name) => equal(initial[name]!, state[name]!));
      expect(same.filter((name) => !name.startsWith('discriminator/slots'))).toEqual([]);
    });
  });
}

/** Entries that are further from the oracle than allowed, with their error. */
function wrongEntries(
  { observe }: Subject,
  game: ToyGame,
  found: Tree<HostTensor>,
  wanted: Tree<HostTensor>,
): string[] {
  return namesOf(wanted).flatMap((name) => {
    const zero = game.still.includes(name);
    const expected = zero ? { data: wanted[name]!.data.map(() => 0) } : wanted[name]!;
    const error = relativeError(found[name]!, expected);
    if (!zero) observe(`${game.name}: ${name}`, error);
    return error <= STATE_LIMIT ? [] : [`${name}: ${error}`];
  });
}
