/** What the page asks for and what it is answered, by the names of the routes; the cards that answers are made of. Types only. */
import type { Answer, FileChangeLine, Problem } from './protocol.js';

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
