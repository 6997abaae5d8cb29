// Whether anything is wrong, and how much there is of everything.

import { button, h, replace } from './dom.js';
import { count } from './words.js';

const SHOWN = 3;

/** Draws the overview of a picture. */
export function overview(element, picture, select) {
  const troubles = picture.troubles();
  const gateways = picture.gatewayList();
  const up = gateways.filter((gateway) => gateway.state === 'up').length;
  const states = new Map();
  let paths = 0;
  for (const row of picture.paths.values()) {
    for (const path of row.values()) {
      paths++;
      states.set(path.state, (states.get(path.state) ?? 0) + 1);
    }
  }
  const optimized = states.get('active-optimized') ?? 0;
  const away = paths - optimized - (states.get('active-non-optimized') ?? 0);
  const serving = [...picture.units.values()].filter((unit) => unit.phase === 'serving').length;
  const tone = troubles[0]?.tone ?? '';
  replace(
    element,
    h(
      'div',
      { class: `verdict ${tone}` },
      h('strong', null, verdict(picture, troubles)),
      h(
        'ul',
        null,
        troubles.slice(0, SHOWN).map((trouble) =>
          h(
            'li',
            { title: trouble.detail },
            button(trouble.text, () => select(trouble.kind, trouble.id), { class: 'link' }),
            trouble.detail ? h('span', { class: 'muted' }, ` ${trouble.detail}`) : null,
          ),
        ),
        troubles.length > SHOWN ? h('li', { class: 'muted' }, `and ${troubles.length - SHOWN} more`) : null,
      ),
    ),
    tile('Gateways', `${up}/${gateways.length}`, 'up', up < gateways.length ? 'bad' : ''),
    tile('LUNs', `${serving}/${picture.units.size}`, 'served', serving < picture.units.size ? 'bad' : ''),
    tile('Paths', paths.toLocaleString('en'), away > 0 ? `${away.toLocaleString('en')} not usable` : `${optimized.toLocaleString('en')} optimized`, away > 0 ? 'warn' : ''),
    tile('Hosts', picture.at ? '-' : picture.hosts().length, picture.at ? 'not recorded' : count(picture.sessions.length, 'session'), ''),
    tile('Under way', picture.at ? '-' : picture.operations.size, picture.operations.size === 1 ? 'operation' : 'operations', ''),
  );
}

function verdict(picture, troubles) {
  if (picture.gateways.size === 0) {
    return 'Nothing is known yet';
  }
  const was = picture.at ? 'was' : 'is';
  return troubles.length === 0 ? `Nothing ${was} wrong` : `${count(troubles.length, 'thing')} ${troubles.length === 1 ? was : picture.at ? 'were' : 'are'} wrong`;
}

function tile(name, value, unit, tone) {
  return h('div', { class: 'tile' }, h('span', { class: 'muted' }, name), h('b', { class: tone }, value), h('span', { class: tone || 'muted' }, unit));
}
