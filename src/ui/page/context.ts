/** What a screen is given, and what it is. */
import type { HomeView, View } from '../protocol.js';
import type { Speech } from '../strings.js';

export interface Context {
  readonly speech: Speech;
  /** Fires when the screen is left. */
  readonly signal: AbortSignal;
  /** Of the window of `ui` or `setup`; undefined in a hook's, where a game waits or has ended. */
  readonly home: HomeView | undefined;
  /** To a place of the home window: "#/…". */
  readonly go: (place: string) => void;
  /** Once more from the beginning, with what is true now. */
  readonly redraw: () => void;
}

export interface Screen {
  /** For the window's title bar. */
  readonly title: string;
  readonly node: HTMLElement;
  /** A question that has to be answered: nothing else is shown, and the focus stays in it. */
  readonly modal?: boolean;
  /** Where the focus begins; its heading by default. */
  readonly focus?: HTMLElement;
  /** Takes the next view into what is shown; false if that needs a new screen. */
  readonly update?: (view: View) => boolean;
}
