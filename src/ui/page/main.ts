/** Where the page begins: the token for a session, then what the server shows, until the command has ended. */
import type { HomeView, Language, View } from '../protocol.js';
import { chooseLanguage, speak } from '../strings.js';
import { ApiError, openSession, sayBye } from './api.js';
import type { Context, Screen } from './context.js';
import { endScreen } from './end.js';
import { messageScreen } from './message.js';
import { screenOf } from './screens.js';
import { showScreen } from './shell.js';
import { forgetHome, recallHome, recallLanguage, rememberHome, rememberLanguage } from './storage.js';
import { openStream } from './stream.js';

interface State {
  language: Language;
  view: View | undefined;
  /** The last home view: the way back from work that was begun there. */
  home: HomeView | undefined;
  /** 'used': the address cannot be used again; 'over': the command has ended. */
  trouble: 'used' | 'unreachable' | 'over' | undefined;
  screen: Screen | undefined;
  leave: AbortController;
}

const app = document.getElementById('app') ?? document.body;
const state: State = {
  language: chooseLanguage(recallLanguage() ?? navigator.language),
  view: undefined,
  home: undefined,
  trouble: undefined,
  screen: undefined,
  leave: new AbortController(),
};

function draw(): void {
  state.leave.abort();
  state.leave = new AbortController();
  const context: Context = {
    speech: speak(state.language),
    signal: state.leave.signal,
    home: state.home,
    go: goTo,
    redraw: draw,
  };
  state.screen = makeScreen(context);
  if (state.screen !== undefined) showScreen(app, context, state.screen, setLanguage);
}

function makeScreen(context: Context): Screen | undefined {
  const { view, trouble } = state;
  if (trouble === 'over' && view?.view === 'end') return endScreen({ ...context, home: undefined }, view);
  if (trouble !== undefined) return messageScreen(context, trouble);
  return view === undefined ? undefined : screenOf(context, view, location.hash);
}

function setLanguage(language: Language): void {
  state.language = language;
  rememberLanguage(language);
  draw();
  document.querySelector<HTMLElement>(`button[lang="${language}"]`)?.focus();
}

function show(view: View): void {
  if (view.view === 'home') {
    state.home = view;
    rememberHome(JSON.stringify(view));
  } else if (state.home === undefined) state.home = homeBefore();
  const before = state.view;
  state.view = view;
  if (before !== undefined && state.screen?.update?.(view) === true) return;
  // What was said before a cut, and is said again: the player is in the middle of it.
  if (before?.view === 'home' && view.view === 'home' && state.screen !== undefined) return;
  if (before?.view === 'end' && JSON.stringify(before) === JSON.stringify(view)) return;
  draw();
}

/** Work that was begun in the home window, whose page was loaded anew meanwhile. */
function homeBefore(): HomeView | undefined {
  const text = recallHome();
  return text === undefined ? undefined : (JSON.parse(text) as HomeView);
}

/** A place of the home window; from the end of some work it is the way back there. */
function goTo(place: string): void {
  if (state.home !== undefined && state.view?.view === 'end') state.view = state.home;
  if (location.hash === place) draw();
  else location.hash = place;
}

function end(): void {
  state.trouble = state.trouble ?? 'over';
  draw();
  const { view } = state;
  const calm = view?.view === 'end' && view.error === undefined && view.warnings.length === 0;
  // Only a window of its own lets itself be closed by a script; anywhere else this does nothing.
  if (calm && state.home === undefined) window.close();
}

async function begin(): Promise<void> {
  const token = /^#t=(.+)$/.exec(location.hash)?.[1];
  if (token !== undefined) {
    history.replaceState(null, '', location.pathname);
    forgetHome();
    try {
      await openSession(token);
    } catch (error) {
      // A second page with the same address has the cookie already, if it is the same browser.
      state.trouble = error instanceof ApiError && error.problem.code === 'gone' ? 'unreachable' : undefined;
    }
  }
  if (state.trouble !== undefined) draw();
  else await listen();
}

async function listen(): Promise<void> {
  // There is nothing of that name, but who may not ask at all is told so; a stream of events cannot say why it broke.
  const response = await fetch('/api/ping', { cache: 'no-store' }).catch(() => undefined);
  if (response?.status === 401) {
    state.trouble = 'used';
    draw();
    return;
  }
  addEventListener('hashchange', draw);
  addEventListener('pagehide', sayBye);
  openStream({ onView: show, onEnd: end });
}

void begin();
