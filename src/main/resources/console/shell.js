// What stands around the views: theme, signing in, help, menus, passing messages.

import { button, byId, h, replace } from './dom.js';

const THEME = 'moongate.theme';
const TOAST_MS = 8_000;

/** The keys that work everywhere. */
export const SHORTCUTS = [
  ['g m', 'map'],
  ['g x', 'matrix'],
  ['g l', 'LUNs'],
  ['g t', 'targets'],
  ['g g', 'gateways'],
  ['g h', 'hosts'],
  ['g o', 'operations'],
  ['g v', 'volumes'],
  ['/', 'filter'],
  ['c', 'create'],
  ['[', 'event before'],
  [']', 'event after'],
  ['p', 'play the events, or pause'],
  ['l', 'back to now'],
  ['d', 'light or dark'],
  ['Esc', 'close the dialog, or the details'],
  ['?', 'this list'],
];

/** The theme: the system's, until another is chosen. */
export function setUpTheme(element) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = localStorage.getItem(THEME) ?? (dark.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = chosen;
    element.textContent = chosen === 'dark' ? 'Light' : 'Dark';
    element.setAttribute('aria-label', `Use the ${chosen === 'dark' ? 'light' : 'dark'} theme`);
  };
  const toggle = () => {
    localStorage.setItem(THEME, document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    apply();
  };
  element.addEventListener('click', toggle);
  dark.addEventListener('change', apply);
  apply();
  return toggle;
}

/** Says something that passes. */
export function toast(text, tone) {
  const element = h('div', { class: `toast ${tone ?? ''}` }, text);
  byId('toasts').append(element);
  setTimeout(() => element.remove(), TOAST_MS);
}

/** The list of shortcuts. */
export function showHelp() {
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'help-heading', onclose: () => dialog.remove() },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'help-heading' }, 'Keyboard shortcuts'),
      h(
        'div',
        { class: 'fields', tabindex: 0, role: 'region', 'aria-label': 'Shortcuts' },
        h(
          'table',
          { class: 'plain' },
          h('tbody', null, SHORTCUTS.map(([keys, what]) => h('tr', null, h('td', null, keys.split(' ').map((key) => [h('kbd', null, key), ' '])), h('td', null, what)))),
        ),
        h('p', { class: 'hint' }, 'In the map and the matrix arrow keys move and Enter opens details; in the slider of time Page Up and Page Down go from event to event.'),
      ),
      h('div', { class: 'ends' }, h('button', { type: 'submit', class: 'primary', autofocus: true }, 'Close')),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Asks for a token; resolves with what was given. */
export function askToken(reason) {
  return new Promise((resolve) => {
    const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', spellcheck: 'false', required: true, 'aria-describedby': 'token-hint' });
    const dialog = h(
      'dialog',
      { 'aria-labelledby': 'token-heading', oncancel: (event) => event.preventDefault() },
      h(
        'form',
        {
          onsubmit: (event) => {
            event.preventDefault();
            const token = input.value.trim();
            if (token) {
              dialog.close();
              dialog.remove();
              resolve(token);
            }
          },
        },
        h('h2', { id: 'token-heading' }, 'Sign in'),
        reason ? h('p', { class: 'warning', role: 'alert' }, reason) : null,
        h(
          'div',
          { class: 'fields' },
          h(
            'div',
            { class: 'field' },
            h('label', { for: 'token' }, 'Token'),
            input,
            h('p', { class: 'hint', id: 'token-hint' }, 'One that an administrator of the cluster has made. It is kept in this tab alone, until it is closed.'),
          ),
        ),
        h('div', { class: 'ends' }, h('button', { type: 'submit', class: 'primary' }, 'Sign in')),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}

/** A menu below a button: entries are text and action. */
export function setUpMenu(opener, entries) {
  let menu = null;
  const close = (back) => {
    const closing = menu;
    menu = null;
    closing?.remove();
    opener.setAttribute('aria-expanded', 'false');
    if (back) {
      opener.focus();
    }
  };
  const open = () => {
    menu = h(
      'div',
      { class: 'menu', role: 'menu', 'aria-label': opener.textContent },
      entries().map(([text, action, disabled]) =>
        button(
          text,
          () => {
            close(true);
            action();
          },
          { role: 'menuitem', tabindex: -1, disabled },
        ),
      ),
    );
    const box = opener.getBoundingClientRect();
    menu.style.top = `${box.bottom + 4}px`;
    menu.style.right = `${Math.max(8, document.documentElement.clientWidth - box.right)}px`;
    const items = [...menu.children];
    menu.addEventListener('keydown', (event) => {
      const at = items.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        items[(to + items.length) % items.length].focus();
      } else if (event.key === 'Escape' || event.key === 'Tab') {
        event.stopPropagation();
        close(event.key === 'Escape');
      }
    });
    menu.addEventListener('focusout', (event) => menu && !menu.contains(event.relatedTarget) && event.relatedTarget !== opener && close(false));
    opener.after(menu);
    opener.setAttribute('aria-expanded', 'true');
    (items.find((item) => !item.disabled) ?? items[0]).focus();
  };
  opener.addEventListener('click', () => (menu ? close(true) : open()));
}

/** Says that the gateway is gone, with the way to the others. */
export function banner(element, name, ...content) {
  element.hidden = !name;
  element.className = `banner ${name ?? ''}`;
  replace(element, content);
}
