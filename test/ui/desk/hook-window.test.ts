/**
 * The hook's window over the real page server, with a page played by requests: it comes, answers, is closed, or never
 * comes; and what a page may not do.
 */
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Asked, HookWindow } from '../../../src/ui/desk/hook-window.js';
import type { Answer, ConflictView, View } from '../../../src/ui/protocol.js';
import { startWindowServer } from '../../../src/ui/server/window-server.js';
import type { OpenedBrowser, PageWindow } from '../../../src/ui/server/window-types.js';

const QUESTION: ConflictView = {
  view: 'conflict',
  question: 'q1',
  task: 'pull',
  label: 'Pack',
  reason: 'both-changed',
  local: { where: 'this-pc', device: 'here', aloneWorlds: [], aloneFiles: 0 },
  cloud: { where: 'cloud', device: 'there', aloneWorlds: [], aloneFiles: 0 },
  units: [
    { id: 'saves/A', kind: 'world', name: 'A', choices: ['local', 'cloud', 'keep-both'] },
    { id: 'options.txt', kind: 'file', name: 'options.txt', choices: ['local', 'cloud'] },
  ],
};
const CHOSEN: Answer = { kind: 'conflict', units: { 'saves/A': 'keep-both', 'options.txt': 'cloud' } };

interface Page {
  readonly views: View[];
  post(name: string, body: unknown): Promise<number>;
  /** The next view of this kind, seen already or to come. */
  saw(view: View['view']): Promise<View>;
  close(): void;
}

async function pageAt(address: string): Promise<Page> {
  const [base = '', token] = address.split('/#t=');
  const headers = { origin: base, 'content-type': 'application/json', 'x-instance-sync': '1' };
  const opened = await fetch(`${base}/api/session`, { method: 'POST', headers, body: JSON.stringify({ token }) });
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const stop = new AbortController();
  const stream = await fetch(`${base}/api/events`, { headers: { cookie }, signal: stop.signal });
  const views: View[] = [];
  const waiting = new Set<() => void>();
  const reading = async (): Promise<void> => {
    let text = '';
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk).toString();
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const data = /^data: ?(.*)$/m.exec(part)?.[1];
        if (data !== undefined) views.push(JSON.parse(data) as View);
      }
      for (const look of waiting) look();
    }
  };
  reading().catch(() => undefined);
  const close = (): void => stop.abort();
  onTestFinished(close);
  return {
    views,
    close,
    post: async (name, body) => {
      const init = { method: 'POST', headers: { ...headers, cookie }, body: JSON.stringify(body) };
      return (await fetch(`${base}/api/${name}`, init)).status;
    },
    saw: (view) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = views.find((one) => one.view === view);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

interface Setup {
  readonly window: HookWindow;
  readonly addresses: string[];
  readonly servers: PageWindow[];
  /** The page of the n-th browser that was started, from 0. */
  page(n?: number): Promise<Page>;
  readonly stops: number[];
  readonly closed: string[];
  readonly controller: AbortController;
  readonly parent: () => void;
}

const windows: HookWindow[] = [];
afterEach(async () => {
  for (const window of windows.splice(0)) await window.end({ view: 'end', outcome: 'gone', warnings: [] });
});

/** `browser`: 'runs', 'none', or 'pending': it is not certain yet whether it works. */
function open(browser: 'runs' | 'none' | 'pending' = 'runs', firstPageMs = 5_000): Setup {
  const addresses: string[] = [];
  const closed: string[] = [];
  const stops: number[] = [];
  const servers: PageWindow[] = [];
  const started: ((address: string) => void)[] = [];
  const controller = new AbortController();
  let parent = (): void => undefined;
  const window = new HookWindow({
    task: 'pull',
    label: 'Pack',
    signal: controller.signal,
    onStop: () => stops.push(1),
    parts: {
      start: async (options) => {
        const served = await startWindowServer({ ...options, firstPageMs, goneMs: 50 });
        servers.push(served);
        return served;
      },
      open: async (address, { signal }): Promise<OpenedBrowser | undefined> => {
        if (browser === 'none') return undefined;
        addresses.push(address);
        for (const tell of started.splice(0)) tell(address);
        if (browser === 'pending') await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { kind: 'app-window', close: () => closed.push(address) };
      },
      parentGone: () =>
        new Promise<void>((resolve) => {
          parent = resolve;
        }),
    },
  });
  windows.push(window);
  const page = async (n = 0): Promise<Page> => {
    while (addresses[n] === undefined) await new Promise<unknown>((resolve) => started.push(resolve));
    return pageAt(addresses[n] ?? '');
  };
  return { window, addresses, servers, page, stops, closed, controller, parent: () => parent() };
}

describe('a question', () => {
  it('is answered once, by who names it and answers all of it', async () => {
    const { window, page } = open();
    const asked = window.ask(QUESTION);
    const one = await page();
    expect(await one.saw('conflict')).toEqual(QUESTION);
    const answer = (question: string, given: unknown): Promise<number> =>
      one.post('answer', { question, answer: given });
    expect(await answer('q0', CHOSEN)).toBe(404);
    for (const wrong of [
      { kind: 'deletion', deletion: 'send' },
      { kind: 'conflict', units: {} },
      { kind: 'conflict', units: { 'saves/A': 'local' } },
      { kind: 'conflict', units: { 'saves/A': 'local', 'options.txt': 'keep-both' } },
      { kind: 'conflict', units: { 'saves/A': 'local', 'options.txt': 'local', 'saves/B': 'local' } },
      { kind: 'conflict', units: { 'saves/A': 'mine', 'options.txt': 'local' } },
      { kind: 'nonsense' },
    ]) {
      expect(await answer('q1', wrong)).toBe(400);
    }
    expect(await answer('q1', CHOSEN)).toBe(200);
    expect(await asked).toEqual({ answer: CHOSEN });
    expect(await answer('q1', { kind: 'cancel' })).toBe(404);
  });

  it('is answered before it is certain that the browser works', async () => {
    const { window, page } = open('pending');
    const asked = window.ask(QUESTION);
    expect(await (await page()).post('answer', { question: 'q1', answer: { kind: 'play' } })).toBe(200);
    expect(await asked).toEqual({ answer: { kind: 'play' } });
  });

  it('stays open if nobody can be asked, no page comes, or it is closed', async () => {
    expect(await open('none').window.ask(QUESTION)).toEqual({ unasked: 'no-window' });
    expect(await open('runs', 30).window.ask(QUESTION)).toEqual({ unasked: 'no-window' });
    const { window, page } = open();
    const asked = window.ask(QUESTION);
    const one = await page();
    await one.saw('conflict');
    one.close();
    expect(await asked).toEqual({ unasked: 'left' });
  });

  it('is given up with the command, and with who started it', async () => {
    const stopped = open();
    const one = stopped.window.ask(QUESTION);
    await (await stopped.page()).saw('conflict');
    stopped.controller.abort();
    expect(await one).toEqual({ unasked: 'left' });
    const orphan = open();
    const two = orphan.window.ask(QUESTION);
    await (await orphan.page()).saw('conflict');
    orphan.parent();
    expect(await two).toEqual({ unasked: 'parent-gone' } satisfies Asked);
  });
});

describe('progress', () => {
  const numbers = { phase: 'downloading', filesDone: 1, bytesDone: 5, bytesTotal: 10 } as const;
  const event = { type: 'progress', ...numbers } as const;

  it('is stopped by its page, until files change places', async () => {
    const { window, page, stops } = open();
    window.onProgress(event);
    const opening = window.openForProgress();
    const one = await page();
    expect(await one.saw('progress')).toMatchObject({ ...numbers, mayStop: 'skip-and-play' });
    await opening;
    expect(await one.post('stop', {})).toBe(200);
    expect(stops).toHaveLength(1);
    window.onProgress({ ...event, phase: 'applying' });
    await one.post('stop', {});
    expect(stops).toHaveLength(1);
    expect(one.views.at(-1)).toMatchObject({ phase: 'applying', mayStop: 'none' });
  });

  it('a question takes its place in the same window, and is not covered by it', async () => {
    const { window, page, addresses } = open();
    const opening = window.openForProgress();
    const one = await page();
    await one.saw('progress');
    await opening;
    const asked = window.ask(QUESTION);
    await one.saw('conflict');
    window.onProgress(event);
    await one.post('answer', { question: 'q1', answer: { kind: 'cancel' } });
    expect(await asked).toEqual({ answer: { kind: 'cancel' } });
    expect(one.views.at(-1)?.view).toBe('conflict');
    window.onProgress({ ...event, phase: 'applying' });
    await window.end({ view: 'end', outcome: 'done', task: 'pull', warnings: [] });
    expect((await one.saw('end')).view).toBe('end');
    expect(addresses).toHaveLength(1);
  });

  it('its page was closed: a question opens another window', async () => {
    const { window, page, addresses, servers } = open();
    const opening = window.openForProgress();
    const one = await page();
    await one.saw('progress');
    await opening;
    window.onProgress(event);
    one.close();
    while (servers[0]?.isOpen === true) await new Promise((resolve) => setTimeout(resolve, 5));
    const asked = window.ask(QUESTION);
    const two = await page(1);
    await two.saw('conflict');
    await two.post('answer', { question: 'q1', answer: CHOSEN });
    expect(await asked).toEqual({ answer: CHOSEN });
    expect(addresses).toHaveLength(2);
  });
});

describe('the end', () => {
  it('is shown; a window of ours goes, unless there is an error to read', async () => {
    for (const [outcome, count] of [
      ['done', 1],
      ['failed', 0],
    ] as const) {
      const { window, page, closed } = open();
      const opening = window.openForProgress();
      const one = await page();
      await one.saw('progress');
      await opening;
      await window.end({ view: 'end', outcome, task: 'pull', warnings: [] });
      expect(await one.saw('end')).toMatchObject({ outcome });
      expect(closed).toHaveLength(count);
    }
  });

  it('without a window there is nothing to do; none is opened after it', async () => {
    const { window, addresses } = open();
    await window.end({ view: 'end', outcome: 'done', warnings: [] });
    await window.openForProgress();
    expect(addresses).toEqual([]);
  });
});
