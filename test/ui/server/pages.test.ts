/** Pages come, see, go and come again; the window knows when nobody looks any more, and leaves nothing behind. */
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { View } from '../../../src/ui/protocol.js';
import { startWindowServer } from '../../../src/ui/server/window-server.js';
import type { PageWindow, WindowOptions } from '../../../src/ui/server/window-types.js';
import { ask, begin, enter, listen, ownHeaders, partsOf } from './client.js';

vi.mock('virtual:page-assets', () => ({ script: 'let a;', style: 'a {}', html: '<!doctype html>' }));

let window: PageWindow | undefined;

afterEach(async () => {
  await window?.close();
});

const HOME: View = { view: 'home', start: 'status' };
const END: View = { view: 'end', outcome: 'done', warnings: [] };
const GONE: View = { view: 'end', outcome: 'gone', warnings: [] };

async function start(options: Partial<WindowOptions> = {}) {
  window = await startWindowServer({ view: HOME, handlers: {}, ...options });
  const { origin } = partsOf(window);
  return { window, origin, cookie: await enter(window) };
}

describe('a page', () => {
  it('sees what is shown, at once and whenever it changes, in every tab', async () => {
    const { window, origin, cookie } = await start();
    const first = await listen(origin, cookie);
    expect(await first.next()).toEqual(HOME);
    const label = '\u202e</script>\n\ndata: "x"\u2028';
    const question: View = { view: 'deletion', question: 'q', task: 'push', label, files: 1, ofFiles: 1, worlds: [] };
    window.show(question);
    const second = await listen(origin, cookie);
    expect([await first.next(), await second.next()]).toEqual([question, question]);
    window.show(END);
    expect([await first.next(), await second.next()]).toEqual([END, END]);
    await window.close();
    expect([await first.next(), await second.next()]).toEqual([undefined, undefined]);
  });

  it('that does not read gets the last view when it does, not all that it missed', async () => {
    const { window, origin, cookie } = await start();
    const page = await listen(origin, cookie);
    await page.next();
    const worlds = Array.from({ length: 20_000 }, (_, i) => `saves/World ${i}`);
    const view = (files: number): View => ({ ...DELETION, files, worlds });
    for (let i = 1; i <= 200; i++) window.show(view(i));
    const seen = [];
    do seen.push(await page.next());
    while (JSON.stringify(seen.at(-1)) !== JSON.stringify(view(200)));
    expect(seen.length).toBeLessThan(100);
  });

  it('left open is told that it is over', async () => {
    const { window, origin, cookie } = await start();
    const page = await listen(origin, cookie);
    await page.next();
    await window.close();
    expect([await page.next(), await page.next()]).toEqual([GONE, undefined]);
  });

  it('may be open a few times, and no more', async () => {
    const { origin, cookie } = await start();
    for (let i = 0; i < 16; i++) await listen(origin, cookie);
    expect((await ask(`${origin}/api/events`, { headers: { cookie } })).status).toBe(429);
  });
});

const DELETION = { view: 'deletion', question: 'q', task: 'push', label: '', ofFiles: 1 } as const;

describe('the window', () => {
  it('says that no page came', async () => {
    window = await startWindowServer({ view: HOME, handlers: {}, firstPageMs: 1 });
    expect(await window.left).toBe('never-came');
    expect(window.isOpen).toBe(false);
  });

  it('does not take the files, nor somebody without a cookie, for a page', async () => {
    window = await startWindowServer({ view: HOME, handlers: {}, firstPageMs: 50 });
    const { origin } = partsOf(window);
    await ask(`${origin}/`);
    await ask(`${origin}/api/events`);
    expect(window.isOpen).toBe(false);
    expect(await window.left).toBe('never-came');
  });

  it('says that the last page is gone, but not when it is only loaded again', async () => {
    const { window, origin, cookie } = await start({ goneMs: 400 });
    const left = vi.fn();
    void window.left.then(left);
    const first = await listen(origin, cookie);
    expect(window.isOpen).toBe(true);
    first.leave();
    await expect.poll(() => window.isOpen).toBe(false);
    const second = await listen(origin, cookie);
    const third = await listen(origin, cookie);
    second.leave();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(left).not.toHaveBeenCalled();
    third.leave();
    expect(await window.left).toBe('gone');
  });

  it('waits for ever if it is told to', async () => {
    const { window } = await start({ firstPageMs: Number.POSITIVE_INFINITY });
    const left = vi.fn();
    void window.left.then(left);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(left).not.toHaveBeenCalled();
  });

  it('hears a goodbye, with a handler and without', async () => {
    const { origin, cookie } = await start();
    const asked = { method: 'POST', headers: { ...ownHeaders(origin), cookie }, body: '{}' };
    expect(await ask(`${origin}/api/bye`, asked)).toMatchObject({ status: 200, text: '{}' });
    await window?.close();
    const bye = vi.fn(async () => ({}));
    const second = await start({ handlers: { bye } });
    const headers = { ...ownHeaders(second.origin), cookie: second.cookie };
    expect((await ask(`${second.origin}/api/bye`, { ...asked, headers })).status).toBe(200);
    expect(bye).toHaveBeenCalledOnce();
  });

  it('closes though an answer hangs and somebody only holds a connection', async () => {
    let signal: AbortSignal | undefined;
    const hang = (_: unknown, given: AbortSignal): Promise<never> => {
      signal = given;
      return new Promise(() => undefined);
    };
    const { window, origin, cookie } = await start({ handlers: { instances: hang } });
    const hanging = begin(`${origin}/api/instances`, { headers: { cookie } }).catch(String);
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await expect.poll(() => signal).toBeDefined();
    await window.close();
    expect(signal?.aborted).toBe(true);
    await hanging;
    await expect(ask(`${origin}/`)).rejects.toThrow('ECONNREFUSED');
  });

  it('gives up a read whose page has gone, and carries a write through', async () => {
    const signals: AbortSignal[] = [];
    const hang = (_: unknown, given: AbortSignal): Promise<never> => {
      signals.push(given);
      return new Promise(() => undefined);
    };
    const { origin, cookie } = await start({ handlers: { instances: hang, stop: hang } });
    const { hostname: host, port } = new URL(origin);
    const lines = Object.entries({ ...ownHeaders(origin), cookie }).map(([name, value]) => `${name}: ${value}\r\n`);
    for (const head of ['GET /api/instances', 'POST /api/stop']) {
      const socket = connect(Number(port), host);
      const text = head.startsWith('POST') ? 'content-length: 2\r\n\r\n{}' : '\r\n';
      socket.write(`${head} HTTP/1.1\r\nHost: ${host}:${port}\r\n${lines.join('')}${text}`);
      await expect.poll(() => signals.length).toBe(head.startsWith('POST') ? 2 : 1);
      socket.destroy();
    }
    await expect.poll(() => signals[0]?.aborted).toBe(true);
    expect(signals[1]?.aborted).toBe(false);
  });
});

describe('a picture', () => {
  const png = (width: number, height = 64, bytes = 100): Uint8Array => {
    const data = Buffer.alloc(bytes);
    data.write('89504e470d0a1a0a0000000d49484452', 'hex');
    data.writeUInt32BE(width, 16);
    data.writeUInt32BE(height, 20);
    return data;
  };

  it.each([
    ['a small one', png(64), 200],
    ['one that fills the memory', png(64, 65_536), 404],
    ['a large file', png(64, 64, 1024 * 1024 + 1), 404],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), 404],
    ['none', undefined, 404],
  ])('%s', async (_, bytes, expected) => {
    const icon = vi.fn(async () => bytes);
    const { origin, cookie } = await start({ icon });
    const { status, headers } = await ask(`${origin}/api/icon?id=a%2Fb`, { headers: { cookie } });
    expect(status).toBe(expected);
    expect(headers['content-type']).toBe(expected === 200 ? 'image/png' : 'application/json');
    expect(icon).toHaveBeenCalledWith('a/b', expect.anything());
  });
});
