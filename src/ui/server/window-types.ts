/** A window as the commands see it: a page server, what it answers with, and how it ends. */
import type { Reads, View, Writes } from '../protocol.js';

/** Answers to the page's requests; what is missing is 404. A thrown SyncError becomes a Problem with its code. */
export type Handlers = {
  readonly [Name in keyof Reads]?: (input: Reads[Name]['in'], signal: AbortSignal) => Promise<Reads[Name]['out']>;
} & {
  readonly [Name in keyof Writes]?: (input: Writes[Name]['in'], signal: AbortSignal) => Promise<Writes[Name]['out']>;
};

export interface WindowOptions {
  readonly handlers: Handlers;
  /** What the page shows first. */
  readonly view: View;
  /** A picture by an id that a View or an answer has given: PNG; undefined is 404. */
  readonly icon?: ((id: string, signal: AbortSignal) => Promise<Uint8Array | undefined>) | undefined;
  /** How long a page may take to come, and how long it may be away (reload, sleep) before it counts as gone. */
  readonly firstPageMs?: number | undefined;
  readonly goneMs?: number | undefined;
}

export interface PageWindow {
  /** `http://127.0.0.1:PORT/#t=TOKEN`: opens the window once. */
  readonly address: string;
  /** To all pages, those to come too. */
  show(view: View): void;
  /** Whether a page is connected. */
  readonly isOpen: boolean;
  /** 'never-came': no page within `firstPageMs`; 'gone': the last one has been away for `goneMs`. Never rejects. */
  readonly left: Promise<'never-came' | 'gone'>;
  /** Lets the pages have what was shown last, and ends within a second or two. */
  close(): Promise<void>;
}

export interface OpenedBrowser {
  /** A window of its own without address bar, or a tab of the default browser. */
  readonly kind: 'app-window' | 'default-browser';
  /** Ends the app window's process, if it is ours to end. */
  close(): void;
}
