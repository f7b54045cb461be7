/** Servers that refuse, are away, or are something else: one clear line each, and nothing lost. */
import { describe, expect, it } from 'vitest';
import { pull, push, startServer, status } from '../../src/index.js';
import { answering, between, blackHole, closedPort } from '../helpers/bad-server.js';
import { filledCloud, makeCloud, told, toldUntouched, PASSWORD } from './bad-input-env.js';

describe('x', () => {
  it('explore', async () => {
    const { cloud, a } = await filledCloud();
    const show = async (name: string, work: Promise<unknown>) => {
      const t = performance.now();
      try { const r = await told(work); console.log(name, r.code, r.exit, Math.round(performance.now()-t), '\n   ', r.line); }
      catch (e) { console.log(name, 'NOT OK', e instanceof Error ? e.message : e); }
    };
    const at = async (name: string, url: string) => {
      const pc = await cloud.pc({ url });
      await show(name + ' pull', pc.pull());
      await show(name + ' push', pc.push());
      try { console.log('   status', JSON.stringify((await status(pc.options) as any).cloud)); } catch (e) { console.log('   status throws', (e as Error).message); }
    };
    const wrong = await cloud.pc({ password: 'other-battery-password' });
    await show('wrong', wrong.pull()); await show('wrong push', wrong.push());
    await at('closed', `http://127.0.0.1:${await closedPort()}/`);
    await at('hole', (await blackHole()).url);
    await at('503', (await answering({ status: 503 })).url);
    await at('401', (await answering({ status: 401 })).url);
    await at('403', (await answering({ status: 403 })).url);
    await at('404', (await answering({ status: 404, body: '404 page not found\n', headers: {'content-type':'text/plain'} })).url);
    await at('404html', (await answering({ status: 404, body: '<!doctype html><title>nginx', headers: {'content-type':'text/html'} })).url);
    await at('portal', (await answering({ status: 200, body: '<html>Welcome to Hotel', headers: {'content-type':'text/html'} })).url);
    await at('redirect', (await answering({ status: 302, headers: {location:'https://user:pw@other.example/x'} })).url);
    await at('https on http', cloud.url.replace('http:', 'https:'));
    const w403 = await between(cloud.url, (m, p) => m === 'POST' && p.includes('/data/') ? { status: 403 } : undefined);
    const b = await cloud.pc({ url: w403.url });
    await b.pull(); b.put('options.txt', 'x'); await show('403 write', b.push());
    const l403 = await between(cloud.url, (m, p) => m === 'POST' ? { status: 403 } : undefined);
    const c = await cloud.pc({ url: l403.url });
    await c.pull(); c.put('options.txt', 'x'); await show('403 lock', c.push());
    const f507 = await between(cloud.url, (m, p) => m === 'POST' && p.includes('/data/')? { status: 507 } : undefined);
    const d = await cloud.pc({ url: f507.url });
    await d.pull(); d.put('options.txt', 'x'); await show('507', d.push());
  }, 100000);
});
