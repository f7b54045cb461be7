/** `ui`, and `setup` in a window: what the library can do, on a page in the player's browser. */
import { homedir } from 'node:os';
import type { Console } from '../../ui/console.js';
import { createDesk, type Desk } from '../../ui/desk/desk.js';
import type { HomeView } from '../../ui/protocol.js';
import { openBrowser } from '../../ui/server/open-browser.js';
import { startWindowServer } from '../../ui/server/window-server.js';
import type { PageWindow } from '../../ui/server/window-types.js';
import { EXIT } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';
import { thisProgram } from './hook-lines.js';
import { runCommand } from './local-commands.js';

export interface WindowFlags {
  readonly packFolder?: string;
  readonly json?: boolean;
  /** False with --no-open. */
  readonly open?: boolean;
  readonly gui?: boolean;
}

export function runUi(flags: WindowFlags): Promise<number> {
  return runDeskWindow('status', flags);
}

/** Serves until interrupted, or until the player has closed the window: 0 in both cases. */
export function runDeskWindow(start: HomeView['start'], flags: WindowFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { window, desk } = await makeWindow(start, flags, signal);
      try {
        await showWindow(console, window, flags, signal);
        await desk.idle();
      } finally {
        await window.close();
      }
      return EXIT.ok;
    }, 'ends'),
  );
}

async function makeWindow(
  start: HomeView['start'],
  { packFolder }: WindowFlags,
  signal: AbortSignal,
): Promise<{ readonly window: PageWindow; readonly desk: Desk }> {
  const { platform, env } = process;
  const surroundings = { platform, env, home: homedir() };
  const desk = createDesk({
    packFolder,
    program: thisProgram(),
    surroundings,
    signal,
    show: (view) => window.show(view),
  });
  const { handlers, icon } = desk;
  // Nobody is in a hurry here: the address is good for a page that comes late, too.
  const firstPageMs = Number.POSITIVE_INFINITY;
  const window = await startWindowServer({ handlers, icon, view: await desk.home(start), firstPageMs });
  return { window, desk };
}

/** Until the window is not needed any more. What is at work then goes on to its end; interrupted, it is given up. */
async function showWindow(
  console: Console,
  window: PageWindow,
  { open, gui }: WindowFlags,
  signal: AbortSignal,
): Promise<void> {
  console.object({ message_type: 'listening', url: window.address });
  console.line('info', window.address);
  const interrupted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const wanted = open !== false && gui !== false;
  const opened = wanted ? openBrowser(window.address, { signal }) : undefined;
  // Interrupted while it starts: openBrowser has ended it.
  const browser = await opened?.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (browser === undefined && !signal.aborted) {
    const why = wanted ? 'no browser could be opened; ' : '';
    console.line('info', `${why}open this address on this PC within two minutes; it works once. Ctrl-C ends it`);
  }
  await Promise.race(browser === undefined ? [interrupted] : [interrupted, window.left]);
  if (signal.aborted) browser?.close();
}
