/**
 * A program in the place of the player's browser (INSTANCE_SYNC_BROWSER): it opens the address as the page does, and does
 * with each view what its plan says. What it saw lies in a file, a line of JSON for each view.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Choice, View } from '../../src/ui/protocol.js';
import { tempFolder } from './temp.js';

/**
 * 'die': as if it were killed; 'leave': the page is closed; 'stop': "skip and play"; `all`: the same choice for every unit
 * of a conflict. Without a plan for a view it looks on.
 */
export type Step = 'die' | 'leave' | 'stop' | { readonly all: Choice } | { readonly answer: Answer };

export interface FakeBrowser {
  /** For the environment of the hook. */
  readonly env: Readonly<Record<string, string>>;
  /** What its pages have been shown, in order; the same view but once. */
  seen(): View[];
  /** How often it was started. */
  starts(): number;
}

export function fakeBrowser(plan: Partial<Record<View['view'], Step>>): FakeBrowser {
  const folder = tempFolder();
  const [program, log] = [join(folder, 'browser'), join(folder, 'log')];
  writeFileSync(program, `#!${process.execPath}\n${PROGRAM}`, { mode: 0o755 });
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
  return {
    env: { INSTANCE_SYNC_BROWSER: program, FAKE_PLAN: JSON.stringify(plan), FAKE_LOG: log },
    seen: () => lines().flatMap((line) => (line === 'start' ? [] : [JSON.parse(line) as View])),
    starts: () => lines().filter((line) => line === 'start').length,
  };
}

const PROGRAM = `
const { appendFileSync } = require('node:fs');
const http = require('node:http');
const plan = JSON.parse(process.env.FAKE_PLAN);
const log = (line) => appendFileSync(process.env.FAKE_LOG, line + '\\n');
log('start');
const [base, token] = process.argv.find((arg) => arg.startsWith('http://')).split('/#t=');
let cookie = '';

function ask(method, path, body, onResponse) {
  const headers = { ...(cookie && { cookie }), ...(body && { 'content-type': 'application/json', origin: base, 'x-instance-sync': '1' }) };
  const request = http.request(base + path, { method, headers }, onResponse);
  request.on('error', () => process.exit(0));
  request.end(body && JSON.stringify(body));
}

const post = (name, body) => ask('POST', '/api/' + name, body, (response) => response.resume());

function act(view) {
  const step = plan[view.view];
  if (step === undefined) return;
  if (step === 'die') process.kill(process.pid, 'SIGKILL');
  else if (step === 'leave') process.exit(0);
  else if (step === 'stop') post('stop', {});
  else {
    const units = () => Object.fromEntries(view.units.map(({ id }) => [id, step.all]));
    post('answer', { question: view.question, answer: step.answer || { kind: 'conflict', units: units() } });
  }
}

ask('POST', '/api/session', { token }, (response) => {
  cookie = response.headers['set-cookie'][0].split(';')[0];
  response.resume();
  ask('GET', '/api/events', undefined, (events) => {
    let text = '';
    let last = '';
    events.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const parts = text.split('\\n\\n');
      text = parts.pop();
      for (const part of parts) {
        const data = /^data: ?(.*)$/m.exec(part);
        if (data === null || data[1] === last) continue;
        const isNew = last === '' || JSON.parse(last).view !== JSON.parse(data[1]).view;
        last = data[1];
        log(last);
        if (isNew) act(JSON.parse(last));
      }
    });
    events.on('close', () => process.exit(0));
  });
});
`;

/** A program that only takes the address: a browser that was there before opens it. */
export function passingBrowser(): {
  readonly env: Readonly<Record<string, string>>;
  /** Of the window, once there is one. */
  address(signal: AbortSignal): Promise<string>;
} {
  const folder = tempFolder();
  const [program, file] = [join(folder, 'browser'), join(folder, 'address')];
  writeFileSync(program, `#!${process.execPath}\n${PASSING}`, { mode: 0o755 });
  return {
    env: { INSTANCE_SYNC_BROWSER: program, FAKE_ADDRESS: file },
    address: async (signal) => {
      while (!existsSync(file)) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return readFileSync(file, 'utf8');
    },
  };
}

const PASSING = `
const { writeFileSync, renameSync } = require('node:fs');
const file = process.env.FAKE_ADDRESS;
writeFileSync(file + '.part', process.argv.find((arg) => arg.startsWith('http://')));
renameSync(file + '.part', file);
`;
