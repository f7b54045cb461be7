/** What the steps of setting up know and share. The token is kept as long as the window needs it, and nowhere else. */
import type { FoundInstance, PresetCard, SetupResult, SetupState } from '../protocol.js';
import type { Context } from './context.js';

export type Step = 'server' | 'instance' | 'scope' | 'done';

export interface Draft {
  step: Step;
  url: string;
  /** Empty: the stored one stays. */
  token: string;
  found: readonly FoundInstance[];
  isNewAccount: boolean;
  /** 'new': none of those found. */
  instanceId: string | undefined;
  preset: PresetCard['preset'] | undefined;
  result: SetupResult | undefined;
}

export interface Wizard {
  readonly context: Context;
  readonly state: SetupState;
  readonly draft: Draft;
  readonly go: (step: Step) => void;
}

export const NEW = 'new';

/** Outlives a change of language. */
let kept: Draft | undefined;

export function draftFor({ url = '' }: SetupState): Draft {
  kept ??= {
    step: 'server',
    url,
    token: '',
    found: [],
    isNewAccount: false,
    instanceId: undefined,
    preset: undefined,
    result: undefined,
  };
  return kept;
}

/** Once all is done, the next time begins anew. */
export function forgetDraft(): void {
  kept = undefined;
}
