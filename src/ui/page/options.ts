/** One of several, as tiles: radio buttons with room for what each means. */
import { type Child, h, newId } from './dom.js';
import { type IconName, icon } from './icons.js';

export interface Option<Value extends string> {
  readonly value: Value;
  readonly title: Child;
  readonly icon?: IconName;
  readonly lines?: readonly Child[];
}

export interface Options<Value extends string> {
  readonly node: HTMLElement;
  choose(value: Value): void;
  focus(): void;
}

/** Nothing is chosen unless `chosen` says so; arrow keys move as in every group of radio buttons. */
export function options<Value extends string>(
  list: readonly Option<Value>[],
  chosen: Value | undefined,
  onChoose: (value: Value) => void,
): Options<Value> {
  const group = newId('option');
  const inputs = new Map<Value, HTMLInputElement>();
  const tiles = list.map((option) => {
    const input = h('input', {
      type: 'radio',
      name: group,
      value: option.value,
      checked: option.value === chosen,
      onchange: () => onChoose(option.value),
    });
    inputs.set(option.value, input);
    return h(
      'label',
      { class: 'option' },
      input,
      h(
        'span',
        { class: 'option-words' },
        h(
          'span',
          { class: 'option-title' },
          option.icon !== undefined && icon(option.icon),
          h('span', {}, option.title),
        ),
        (option.lines ?? []).map((line) => line !== undefined && h('span', { class: 'option-line' }, line)),
      ),
    );
  });
  return {
    node: h('div', { class: 'options' }, tiles),
    choose(value) {
      const input = inputs.get(value);
      if (input !== undefined) input.checked = true;
    },
    focus: () => inputs.values().next().value?.focus(),
  };
}
