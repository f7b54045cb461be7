/**
 * `wrap -- <game>`: pull, the game, push, also after a crash. A launcher's wrapper command is the one place that learns
 * how the game ended. The game talks to its launcher over standard input, which is therefore never touched here.
 */
import type { Console } from '../../ui/console.js';
import { EXIT } from '../exit-code.js';
import { runChained } from './chain.js';
import { type HookFlags, hookConsole, sync, tellFailure } from './hook.js';

/** The game's exit code: a push that fails hides none. A pull that fails is the end, and the game is not started. */
export async function runWrap(flags: HookFlags, game: readonly string[] | undefined): Promise<number> {
  const console = hookConsole(flags);
  if (game === undefined) {
    console.failure(EXIT.error, 'usage', 'wrap needs the command of the game: wrap -- java ...');
    return EXIT.error;
  }
  const pulled = await sync(console, 'pull', flags);
  if (pulled !== EXIT.ok) return pulled;
  const code = await play(console, game);
  if (code === undefined) return EXIT.error;
  if (code !== 0) console.line('warning', `the game ended with exit code ${code}; saving what it left`);
  await sync(console, 'push', flags, { unclean: code !== 0 });
  return code;
}

/** Undefined if it could not be started. */
async function play(console: Console, game: readonly string[]): Promise<number | undefined> {
  try {
    return await runChained(game);
  } catch (error) {
    tellFailure(console, error);
    return undefined;
  }
}
