/** First step: where the cloud is, and the key to it. It is tried before anything is stored. */
import type { FoundInstance } from '../protocol.js';
import { ApiError, write } from './api.js';
import { type Child, fill, h, newId } from './dom.js';
import { button, heading } from './parts.js';
import { attempt } from './problems.js';
import { NEW, type Wizard } from './wizard.js';

export function serverStep(wizard: Wizard): Child {
  const { context, state, draft } = wizard;
  const { speech, signal } = context;
  const address = textField(speech.text('address'), speech.text('addressHint'), draft.url, 'url');
  const hint = speech.text(state.hasToken ? 'tokenStored' : 'tokenHint');
  const token = textField(speech.text('token'), hint, draft.token, 'password');
  token.line.append(showButton(wizard, token.input));
  const problem = h('div', { class: 'check' });
  const next = h('button', { type: 'submit', class: 'button primary' }, speech.text('checkAndGoOn'));
  const check = async (): Promise<void> => {
    const url = completeAddress(address.input.value);
    const given = token.input.value.trim();
    address.blame(url === undefined ? speech.text('addressWrong') : '');
    const fits = /^[^:\s]+:.+$/.test(given) || (given === '' && state.hasToken);
    token.blame(fits ? '' : speech.text('tokenWrong'));
    if (url === undefined) address.input.focus();
    else if (!fits) token.input.focus();
    if (url === undefined || !fits) return;
    address.input.value = url;
    fill(problem, h('p', { class: 'loading', role: 'status' }, speech.text('checking')));
    Object.assign(draft, { url, token: given, found: [], isNewAccount: false });
    if (given !== '') Object.assign(draft, await checkServer(url, given, signal));
    draft.instanceId = given === '' ? state.instanceId : draft.found.length === 0 ? NEW : undefined;
    wizard.go('instance');
  };
  const form = h(
    'form',
    {
      class: 'card',
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        void attempt(speech, problem, [next], check);
      },
    },
    address.node,
    token.node,
    problem,
    h('div', { class: 'actions' }, next),
  );
  return [heading(speech.text('serverTitle')), h('p', { class: 'lead' }, speech.text('serverLead')), form];
}

interface Account {
  readonly found: readonly FoundInstance[];
  readonly isNewAccount: boolean;
}

async function checkServer(url: string, token: string, signal: AbortSignal): Promise<Account> {
  try {
    const { instances, isNewAccount } = await write('check-server', { url, token }, signal);
    return { found: instances, isNewAccount };
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== 'not-found') throw error;
    throw new ApiError({ ...error.problem, code: 'not-server' });
  }
}

interface Field {
  readonly node: HTMLElement;
  readonly line: HTMLElement;
  readonly input: HTMLInputElement;
  /** What is wrong with it; '' if nothing is. */
  blame(words: string): void;
}

function textField(label: string, hint: string, value: string, type: 'url' | 'password'): Field {
  const [id, hintId, faultId] = [newId('field'), newId('hint'), newId('fault')];
  const fault = h('p', { id: faultId, class: 'fault' });
  const input = h('input', {
    id,
    type,
    value,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    'aria-describedby': `${hintId} ${faultId}`,
  });
  const line = h('div', { class: 'line' }, input);
  const node = h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    line,
    h('p', { id: hintId, class: 'hint' }, hint),
    fault,
  );
  const blame = (words: string): void => {
    input.setAttribute('aria-invalid', String(words !== ''));
    fill(fault, words);
  };
  return { node, line, input, blame };
}

function showButton({ context: { speech } }: Wizard, input: HTMLInputElement): HTMLElement {
  const show = button(
    speech.text('show'),
    () => {
      const hidden = input.type === 'password';
      input.type = hidden ? 'text' : 'password';
      show.setAttribute('aria-pressed', String(hidden));
    },
    { icon: 'eye', kind: 'quiet', label: speech.text('showToken') },
  );
  show.setAttribute('aria-pressed', 'false');
  return show;
}

/** Without "https://" it is meant all the same; undefined if it is no address. */
function completeAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || /\s/.test(trimmed)) return undefined;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (!URL.canParse(full)) return undefined;
  return /^https?:$/.test(new URL(full).protocol) ? full : undefined;
}
