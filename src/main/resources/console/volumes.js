// The volumes of a store, whether they are of LUNs or not, and what can become one.

import { ApiError, list } from './api.js';
import { button, h, replace } from './dom.js';
import { bytes, lunName } from './words.js';

const PAGE = 100;

/** A table that is fetched when it is looked at: a store tells of no change. */
export class VolumesView {
  /**
   * @param select called with the kind and the id of what is chosen
   * @param act called with a task's name and what it is about
   * @param denied says why this user may not do a task, or null
   */
  constructor(select, act, denied) {
    this.select = select;
    this.act = act;
    this.denied = denied;
    this.volumes = [];
    this.kinds = '';
    this.store = h('select', { id: 'store', onchange: () => this.fetch() });
    this.adoptable = h('input', { type: 'checkbox', id: 'adoptable', onchange: () => this.draw() });
    this.refresh = button('Read again', () => this.fetch());
    this.note = h('p', { class: 'empty', role: 'status' });
    this.table = h('div');
    this.more = button('More', () => this.fetch(this.volumes.at(-1)?.name));
    this.element = h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'volumes' },
      h(
        'div',
        { class: 'actions bar' },
        h('label', { for: 'store' }, 'Store ', this.store),
        h('label', { class: 'choice' }, this.adoptable, ' Only what can become a LUN'),
        this.refresh,
      ),
      this.table,
      this.note,
      h('div', { class: 'actions bar' }, this.more),
    );
    this.more.hidden = true;
  }

  /** Draws it when something has changed that it shows. */
  render({ picture, filter, past, stores }) {
    const kinds = stores.join(' ');
    if (kinds !== this.kinds) {
      this.kinds = kinds;
      replace(this.store, stores.map((kind) => h('option', { value: kind }, kind)));
      // Only stores that keep what they have can have something from elsewhere.
      this.store.value = stores.includes('rbd') ? 'rbd' : stores[0];
      this.fetch();
    }
    const shown = [past, this.denied('adopt'), picture.units.size, filter.terms.map((term) => term.word).join(' ')].join();
    this.picture = picture;
    this.filter = filter;
    this.past = past;
    if (shown !== this.shown) {
      this.shown = shown;
      this.draw();
    }
  }

  /** Reads it again after a change. */
  again() {
    if (this.element.isConnected) {
      this.fetch();
    }
  }

  /** Asks for the volumes, or for those after one. */
  async fetch(after) {
    const kind = this.store.value;
    const asked = (this.asked = {});
    if (!kind) {
      return;
    }
    this.fault = null;
    this.note.textContent = 'Reading';
    try {
      const path = `volumes?store=${encodeURIComponent(kind)}&limit=${PAGE}`;
      const found = await list(after === undefined ? path : `${path}&after=${encodeURIComponent(after)}`);
      if (asked === this.asked) {
        this.volumes = after === undefined ? found : this.volumes.concat(found);
        this.more.hidden = found.length < PAGE;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (asked === this.asked) {
        this.volumes = after === undefined ? [] : this.volumes;
        this.fault = error.message;
      }
    }
    if (asked === this.asked && this.picture) {
      this.draw();
    }
  }

  draw() {
    const volumes = this.past
      ? []
      : this.volumes.filter((each) => this.filter.text(each.name) && (each.adoptable || !this.adoptable.checked));
    const why = this.denied('adopt');
    const held = document.activeElement?.dataset?.row;
    const none = this.volumes.length === 0 ? 'The store has no volume.' : 'No volume passes.';
    this.note.textContent = this.past
      ? 'What stores had is not recorded.'
      : (this.fault ?? (volumes.length === 0 ? none : why ? `${why}: Make LUN` : ''));
    replace(
      this.table,
      volumes.length > 0 &&
        h(
          'table',
          { class: 'plain' },
          h('thead', null, h('tr', null, ['Volume', 'Size', 'Block size', 'LUN', 'Can become a LUN'].map((head) => h('th', { scope: 'col' }, head)), h('td'))),
          h('tbody', null, volumes.map((each) => this.line(each, why))),
        ),
    );
    if (held) {
      this.table.querySelector(`[data-row="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    }
  }

  line(volume, why) {
    const unit = volume.unit === null ? null : this.picture.units.get(volume.unit);
    const store = this.store.value;
    return h(
      'tr',
      null,
      h('td', { class: 'mono' }, volume.name),
      h('td', null, bytes(volume.size)),
      h('td', null, volume.blockSize === null ? '' : `${volume.blockSize} B`),
      h('td', { class: 'name' }, unit ? button(lunName(unit), () => this.select('lun', unit.id), { 'data-row': unit.id }) : (volume.unit ?? '')),
      h('td', null, volume.adoptable ? 'yes' : `no: ${volume.obstacle}`),
      h(
        'td',
        null,
        volume.adoptable &&
          button('Make LUN', () => this.act('adopt', { volume, store }), {
            'data-row': volume.name,
            'aria-label': `Make ${volume.name} a LUN`,
            disabled: why !== null,
            title: why,
          }),
      ),
    );
  }
}
