/**
 * What a window (a page in the player's browser) and the command that serves it say to each other. Types only: the page
 * and the server are both held against them. Reads are `GET /api/<name>?key=value`, everything else is `POST
 * /api/<name>` with a JSON body; an answer is JSON, a refusal is `{error: {code, message}}`. `GET /api/events` is a
 * stream of server-sent events, each a View. Things are named by ids that the server has given; a page never sends a path
 * of this PC, save the game folder that a player types in setup.
 *
 * Bytes are plain numbers, times ISO 8601; the page writes them in the player's language.
 */

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

export interface InstanceCard {
  readonly id: string;
  readonly label: string;
  readonly packFolder: string;
  /** It is the folder that the command was called for. */
  readonly here: boolean;
  /** 'missing': the folder is gone; 'broken': its settings cannot be read (`problem` says why). */
  readonly state: 'ready' | 'off' | 'missing' | 'broken';
  readonly problem?: Problem;
  readonly lastSync?: string;
  readonly minecraft?: string;
  readonly icon?: string;
}

/** The slower half of a card: looks at the files and asks the server. */
export interface InstanceStand {
  readonly files: number;
  readonly bytes: number;
  readonly preset: string;
  readonly unsent: { readonly added: number; readonly changed: number; readonly removed: number };
  readonly cloud: 'same' | 'new' | 'empty' | 'unreachable';
  /** Why the server cannot be reached. */
  readonly problem?: Problem;
  /** A question that waits: both sides changed the same, worlds are gone. */
  readonly openConflict: boolean;
  /** Bytes of the repository on the server, where that can be told. */
  readonly cloudBytes?: number;
  readonly trashBytes: number;
  readonly worlds: readonly WorldCard[];
}

export interface WorldCard {
  /** As "saves/World". */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly lastPlayed?: string;
  readonly icon?: string;
}

export interface VersionCard {
  /** Id of the snapshot. */
  readonly id: string;
  readonly time: string;
  readonly device: string;
  readonly minecraft?: string;
  readonly isHead: boolean;
  readonly isHere: boolean;
  readonly merge: boolean;
  readonly conflictLoser: boolean;
  readonly unclean: boolean;
  readonly worlds: readonly {
    readonly id: string;
    readonly state: 'new' | 'gone' | 'changed';
    readonly files: number;
    readonly bytes: number;
  }[];
  readonly otherFiles: number;
  readonly otherBytes: number;
  readonly problem?: Problem;
}

export interface VersionEntry {
  /** Relative to the game folder, with '/'. */
  readonly path: string;
  readonly name: string;
  readonly type: 'dir' | 'file';
  /** Of a folder: the sum. */
  readonly size: number;
  readonly time?: string;
}

export interface TrashCard {
  readonly id: string;
  readonly time?: string;
  readonly from?: string;
  readonly files?: number;
  readonly bytes: number;
  readonly worlds: readonly string[];
  readonly isNext: boolean;
}

export interface FoundInstance {
  readonly id: string;
  readonly label: string;
  readonly minecraft?: string;
  readonly host?: string;
  readonly changed?: string;
}

export interface PresetCard {
  readonly preset: 'worlds' | 'personal' | 'everything';
  readonly files: number;
  readonly bytes: number;
}

export interface SetupState {
  readonly packFolder: string;
  readonly url?: string;
  readonly hasToken: boolean;
  readonly instanceId?: string;
  /** Name of the instance in its launcher, or of its folder. */
  readonly label: string;
}

export interface SetupResult {
  readonly instance: string;
  readonly preHook: string;
  readonly postHook: string;
  readonly launcher?: { readonly name: string; readonly running: boolean; readonly linesAreThere: boolean };
  /** Secret, shown once; missing if the player has one on paper already, or if it could not be made. */
  readonly recoveryCode?: string;
  readonly warnings: readonly string[];
}

type Instance = { readonly instance: string };
type Nothing = Readonly<Record<string, never>>;

/** GET: name → what it is asked with (all text) and what it answers. */
export interface Reads {
  readonly instances: { readonly in: Nothing; readonly out: { readonly instances: readonly InstanceCard[] } };
  readonly stand: { readonly in: Instance; readonly out: InstanceStand };
  readonly history: {
    readonly in: Instance & { readonly world?: string; readonly limit?: string };
    readonly out: { readonly versions: readonly VersionCard[]; readonly total: number; readonly hasMore: boolean };
  };
  readonly changes: {
    readonly in: Instance & { readonly version: string };
    readonly out: { readonly changes: readonly FileChangeLine[]; readonly total: number };
  };
  readonly folder: {
    readonly in: Instance & { readonly version: string; readonly path: string };
    readonly out: { readonly entries: readonly VersionEntry[] };
  };
  readonly trash: {
    readonly in: Instance;
    readonly out: { readonly generations: readonly TrashCard[]; readonly bytes: number };
  };
  readonly setup: { readonly in: Nothing; readonly out: SetupState };
}

/** POST: name → body and answer. The long ones answer at once, and the window's View follows the work to its end. */
export interface Writes {
  readonly answer: { readonly in: { readonly question: string; readonly answer: Answer }; readonly out: Nothing };
  /** "Skip and play", or "later": stops the work that a ProgressView shows. */
  readonly stop: { readonly in: Nothing; readonly out: Nothing };
  /** The page says goodbye (pagehide); what that means depends on the view. */
  readonly bye: { readonly in: Nothing; readonly out: Nothing };
  readonly sync: { readonly in: Instance & { readonly task: 'pull' | 'push' }; readonly out: Nothing };
  /** What a restore would do, without doing it; `path` of a world or of a file, all if missing. */
  readonly 'plan-restore': {
    readonly in: Instance & { readonly version: string; readonly path?: string };
    readonly out: {
      readonly added: number;
      readonly changed: number;
      readonly removed: number;
      readonly bytes: number;
    };
  };
  readonly restore: {
    readonly in: Instance & { readonly version: string; readonly path?: string };
    readonly out: Nothing;
  };
  readonly 'plan-undo': {
    readonly in: Instance;
    readonly out:
      | { readonly possible: false }
      | {
          readonly possible: true;
          readonly command: string;
          readonly time?: string;
          readonly worlds: readonly string[];
          readonly files: number;
          readonly changedSince: number;
        };
  };
  readonly undo: { readonly in: Instance; readonly out: Nothing };
  readonly 'empty-trash': { readonly in: Instance; readonly out: { readonly bytes: number } };
  readonly disable: { readonly in: Instance; readonly out: Nothing };
  /** Is the server there, does it know the account, which instances has the player? Nothing is stored. */
  readonly 'check-server': {
    readonly in: { readonly url: string; readonly token: string };
    readonly out: { readonly instances: readonly FoundInstance[]; readonly isNewAccount: boolean };
  };
  /** What each preset would synchronise of this folder. */
  readonly presets: { readonly in: Nothing; readonly out: { readonly presets: readonly PresetCard[] } };
  readonly 'finish-setup': {
    readonly in: {
      readonly url: string;
      /** Missing: the stored one stays. */
      readonly token?: string;
      /** Missing: a new instance. */
      readonly instanceId?: string;
      readonly preset: 'worlds' | 'personal' | 'everything';
    };
    readonly out: SetupResult;
  };
  readonly 'write-hooks': { readonly in: Instance; readonly out: { readonly file: string } };
}
