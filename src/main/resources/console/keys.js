// The keys that work everywhere but in fields and dialogs.

const PREFIX_MS = 1500;

const PLACES = { m: 'map', x: 'matrix', l: 'luns', t: 'targets', g: 'gateways', h: 'hosts', o: 'operations', v: 'volumes' };

/** Binds the keys to what they do: an object of functions. */
export function setUpKeys(actions) {
  let prefix = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) {
      return;
    }
    if (event.key === 'Escape' && !event.defaultPrevented) {
      actions.escape();
      return;
    }
    if (event.target.matches('input:not([type="range"]), select, textarea')) {
      return;
    }
    const place = Date.now() - prefix < PREFIX_MS ? PLACES[event.key] : null;
    prefix = 0;
    if (place) {
      actions.go(place);
      event.preventDefault();
      return;
    }
    if (event.key === 'g') {
      prefix = Date.now();
      return;
    }
    const keys = {
      '/': actions.find,
      c: actions.create,
      '[': () => actions.step(-1),
      ']': () => actions.step(1),
      p: actions.play,
      l: actions.live,
      d: actions.theme,
      '?': actions.help,
    };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
}
