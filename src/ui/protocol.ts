/**
 * What a window (a page in the player's browser) and the command that serves it say to each other. Types only: the page
 * and the server are both held against them. Reads are `GET /api/<name>?key=value`, everything else is `POST
 * /api/<name>` with a JSON body; an answer is JSON, a refusal is `{error: {code, message}}`. `GET /api/events` is a
 * stream of server-sent events, each a View. Things are named by ids that the server has given; a page never sends a path
 * of this PC, save the game folder that a player types in setup.
 *
 * Bytes are plain numbers, times ISO 8601; the page writes them in the player's language.
 */

export type * from './requests.js';

export type Language = 'en' | 'de';

/** What the window shows now. A window of a hook is led by the server; that of `ui` begins with 'home'. */
export type View = HomeView | ProgressView | ConflictView | DeletionView | RelocationView | EndView;

export interface HomeView {
  readonly view: 'home';
  /** Where to begin: the list of instances, or setting up the one folder that `setup` was called for. */
  readonly start: 'status' | 'setup';
  /** Of the game folder that the command was called for, if it is known. */
  readonly instance?: string;
}

export type WorkPhase = 'waiting' | 'connecting' | 'scanning' | 'uploading' | 'comparing' | 'downloading' | 'applying';

export interface ProgressView {
  readonly view: 'progress';
  readonly task: 'pull' | 'push' | 'restore' | 'undo';
  readonly label: string;
  readonly phase: WorkPhase;
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Both missing as long as they are not known. */
  readonly filesTotal?: number;
  readonly bytesTotal?: number;
  /** Milliseconds since the task began, by the server's clock: rate and time left follow from it. */
  readonly elapsedMs: number;
  /** 'skip-and-play' before a game (nothing has moved yet), 'later' after it, 'none' while files change places. */
  readonly mayStop: 'skip-and-play' | 'later' | 'none';
  /** Whether the work goes on by itself when the window is closed. */
  readonly mayClose: boolean;
}

export type Choice = 'local' | 'cloud' | 'keep-both';

export interface FileChangeLine {
  readonly path: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly size: number;
}

/** What one side did to a unit since both last had the same; of a first contact: what it has. */
export interface UnitStand {
  readonly files: number;
  readonly bytes: number;
  /** When the world was last played or the file last saved, where that can be told. */
  readonly lastPlayed?: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** The first of them (at most 200), the largest first. */
  readonly changes: readonly FileChangeLine[];
}

export interface ConflictUnitView {
  /** As "saves/World": what an answer names. */
  readonly id: string;
  readonly kind: 'world' | 'file';
  /** The world's name in the game, or the file's path. */
  readonly name: string;
  /** Missing where that side has deleted it. */
  readonly local?: UnitStand;
  readonly cloud?: UnitStand;
  /** For GET /api/icon?id=…; missing where the world has no icon.png. */
  readonly icon?: string;
  /** What may be chosen: 'keep-both' only for worlds and files that both sides have. */
  readonly choices: readonly Choice[];
}

export interface SideView {
  /** This PC, or a version in the cloud (both may be: two PCs pushed from one base). */
  readonly where: 'this-pc' | 'cloud';
  readonly device: string;
  /** Of the version, or of the newest file that changed here. */
  readonly time?: string;
  /** Beginning of the session as far as it is known: when that side was last the same as the other. */
  readonly since?: string;
  readonly minecraft?: string;
  /** Units changed on this side alone: they are merged whatever is chosen. */
  readonly aloneWorlds: readonly string[];
  readonly aloneFiles: number;
}

export interface ConflictView {
  readonly view: 'conflict';
  /** An answer names it, so that a page left open cannot answer the next question. */
  readonly question: string;
  readonly task: 'pull' | 'push';
  readonly label: string;
  readonly reason: 'both-changed' | 'first-contact';
  readonly local: SideView;
  readonly cloud: SideView;
  readonly units: readonly ConflictUnitView[];
}

export interface DeletionView {
  readonly view: 'deletion';
  readonly question: string;
  readonly task: 'pull' | 'push';
  readonly label: string;
  readonly files: number;
  readonly ofFiles: number;
  readonly worlds: readonly string[];
}

export interface RelocationView {
  readonly view: 'relocation';
  readonly question: string;
  readonly task: 'pull' | 'push';
  readonly label: string;
  readonly from: string;
  readonly to: string;
  readonly stillThere: boolean;
}

export interface EndView {
  readonly view: 'end';
  /** 'gone': the question was answered elsewhere, or the command has ended. */
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'skipped' | 'gone';
  readonly task?: 'pull' | 'push' | 'restore' | 'undo';
  readonly files?: { readonly added: number; readonly changed: number; readonly removed: number };
  readonly bytes?: number;
  readonly error?: Problem;
  readonly warnings: readonly string[];
}

/** `code` is a SyncError's; the page has words of its own for those that a player meets, and `message` for details. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** The answers to questions: of a conflict by unit, and what becomes of the launch. */
export type Answer =
  | { readonly kind: 'conflict'; readonly units: Readonly<Record<string, Choice>> }
  | { readonly kind: 'deletion'; readonly deletion: 'send' | 'restore' }
  | { readonly kind: 'relocation'; readonly relocation: 'moved' | 'copied' }
  /** Nothing is synchronised now; the game starts (pull) or the question waits for the next time (push). */
  | { readonly kind: 'play' }
  /** The game does not start. */
  | { readonly kind: 'cancel' };
