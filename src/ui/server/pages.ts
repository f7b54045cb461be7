/**
 * The pages that are open: each has one stream of server-sent events, whose every event is a View, the first what is
 * shown now. Tells when the last page has gone. A stream ends and comes again when a page is reloaded or a PC wakes up,
 * so a page counts as gone only after a while.
 */
import type { ServerResponse } from 'node:http';
import type { View } from '../protocol.js';
import { SAFE_HEADERS } from './reply.js';

export interface PagesOptions {
  readonly view: View;
  readonly firstPageMs?: number | undefined;
  readonly goneMs?: number | undefined;
}

export interface Pages {
  /** A page has come. False if there are too many. */
  add(response: ServerResponse): boolean;
  show(view: View): void;
  readonly count: number;
  /** See PageWindow. */
  readonly left: Promise<'never-came' | 'gone'>;
  /** Says to all pages that it is over, unless they know, and ends their streams. */
  end(): void;
}

const FIRST_PAGE_MS = 30_000;
const GONE_MS = 8_000;
const MAX_PAGES = 16;
/** Keeps proxies and sleeping browsers from holding a silent stream for a broken one. */
const HEARTBEAT_MS = 15_000;
/** After how many milliseconds a page comes again when its stream has broken. */
const RETRY_MS = 1_000;

export function createPages(options: PagesOptions): Pages {
  /** Each with what it was sent last. */
  const open = new Map<ServerResponse, View | undefined>();
  const departure = watchDeparture();
  departure.expect('never-came', options.firstPageMs ?? FIRST_PAGE_MS);
  let { view } = options;
  const heartbeat = setInterval(() => {
    for (const response of open.keys()) response.write(':\n\n');
  }, HEARTBEAT_MS);
  const send = (response: ServerResponse): void => {
    // A page that sleeps does not read: of all that it missed it will get the last.
    if (response.writableNeedDrain || open.get(response) === view) return;
    open.set(response, view);
    response.write(eventOf(view));
  };
  const remove = (response: ServerResponse): void => {
    if (open.delete(response) && open.size === 0) departure.expect('gone', options.goneMs ?? GONE_MS);
  };
  const show = (next: View): void => {
    view = next;
    for (const response of open.keys()) send(response);
  };
  return {
    left: departure.left,
    show,
    get count() {
      return open.size;
    },
    add: (response) => {
      if (open.size >= MAX_PAGES) return false;
      departure.cancel();
      open.set(response, undefined);
      response.once('close', () => remove(response));
      response.on('drain', () => send(response));
      response.writeHead(200, { ...SAFE_HEADERS, 'Content-Type': 'text/event-stream' });
      response.write(`retry: ${RETRY_MS}\n\n`);
      send(response);
      return true;
    },
    end: () => {
      if (view.view !== 'end') view = { view: 'end', outcome: 'gone', warnings: [] };
      clearInterval(heartbeat);
      for (const [response, sent] of open) response.end(sent === view ? undefined : eventOf(view));
      open.clear();
      departure.expect('gone', 0);
    },
  };
}

interface Departure {
  readonly left: Promise<'never-came' | 'gone'>;
  /** After that time all is over, unless a page comes. Infinity: it may take as long as it likes. */
  expect(how: 'never-came' | 'gone', ms: number): void;
  cancel(): void;
}

function watchDeparture(): Departure {
  let timer: NodeJS.Timeout | undefined;
  let leave: (how: 'never-came' | 'gone') => void = () => undefined;
  const left = new Promise<'never-came' | 'gone'>((resolve) => {
    leave = resolve;
  });
  const cancel = (): void => clearTimeout(timer);
  return {
    left,
    cancel,
    expect: (how, ms) => {
      cancel();
      if (Number.isFinite(ms)) timer = setTimeout(() => leave(how), ms);
    },
  };
}

/** JSON has no line break of its own, so one line holds it. */
function eventOf(view: View): string {
  return `data: ${JSON.stringify(view)}\n\n`;
}
