// Targets, hosts, gateways and what is under way, as plain tables.

import { button, h, replace } from './dom.js';
import { bytes, chip, condition, count, lunName, shortName, timeElement } from './words.js';

const KINDS = {
  gateways: {
    empty: 'No gateway is known.',
    heads: ['Gateway', 'State', '#LUNs', '#Load', 'Portals', 'Version', 'Since', 'Cause'],
    items: (picture) => picture.gatewayList(),
    kind: 'gateway',
    id: (gateway) => gateway.name,
    cells: (gateway, picture) => {
      const { word, tone } = condition(gateway);
      return [
        gateway.name,
        chip(word, tone),
        number(picture.ownedBy(gateway.name)),
        number(gateway.load),
        gateway.portals.join(', '),
        gateway.version,
        timeElement(gateway.since),
        gateway.serviceCause ?? gateway.cause,
      ];
    },
  },
  targets: {
    empty: 'There is no target yet.',
    heads: ['Target', '#LUNs', 'Gateways', 'Access', '#Initiators', 'CHAP', 'Explicit ALUA'],
    items: (picture) => [...picture.targets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    kind: 'target',
    id: (target) => target.name,
    cells: (target) => [
      target.name,
      number(target.luns.length),
      target.everyGateway ? 'every one' : target.gateways.join(', '),
      chip(target.access, target.access === 'open' ? 'warn' : 'good'),
      number(target.initiators),
      [target.chap ? 'one-way' : null, target.mutualChap ? 'mutual' : null].filter(Boolean).join(', ') || 'none',
      target.explicitAlua ? 'offered' : 'not offered',
    ],
  },
  luns: {
    empty: 'There is no LUN yet.',
    heads: ['LUN', '#Size', 'Store', 'Owner', 'Phase', 'Preferred', '#Load', 'NAA'],
    items: (picture) => picture.rows(),
    kind: 'lun',
    id: (row) => row.id,
    cells: (row) => [
      lunName(row),
      number(bytes(row.unit.size)),
      row.unit.store,
      row.unit.owner ?? 'nobody',
      chip(row.unit.phase, row.unit.phase === 'serving' ? 'good' : 'bad'),
      row.unit.preferred?.join(', '),
      number(row.unit.load),
      h('span', { class: 'mono' }, row.unit.naa),
    ],
  },
  hosts: {
    empty: 'No host is logged in.',
    heads: ['Host', '#Sessions', 'Gateways', 'Targets', 'From', 'Since'],
    items: (picture) => picture.hosts(),
    kind: 'host',
    id: (host) => host.name,
    cells: (host) => [
      host.name,
      number(host.sessions.length),
      [...host.gateways].join(', '),
      [...host.targets].map(shortName).join(', '),
      [...new Set(host.sessions.map((session) => session.peer.replace(/:\d+$/, '')))].join(', '),
      timeElement(host.sessions.map((session) => session.since).sort()[0]),
    ],
  },
  operations: {
    empty: 'Nothing is under way, and nothing waits.',
    heads: ['Operation', 'Kind', 'From', 'To', 'About', 'Since', 'Cause', ''],
    items: (picture) => [...picture.operations.values()],
    kind: 'operation',
    id: (operation) => operation.id,
    cells: (operation, picture, act, why) => [
      h('span', { class: 'mono' }, operation.id),
      operation.kind,
      operation.from ?? '',
      operation.gateway ?? '',
      operation.unit ? nameOf(picture, operation.unit) : operation.remaining === null ? '' : `${count(operation.remaining, 'LUN')} left`,
      timeElement(operation.since),
      operation.cause,
      operation.cancellable && act ? button('Cancel', () => act('cancel', operation), { 'aria-label': `Cancel ${operation.id}`, disabled: why !== null, title: why }) : '',
    ],
  },
};

/** The head of a column; one of numbers begins with "#". */
function heading(head) {
  return head ? h('th', { scope: 'col', class: head[0] === '#' ? 'number' : null }, head.replace('#', '')) : h('td');
}

function number(value) {
  return h('span', { class: 'number' }, value);
}

function nameOf(picture, id) {
  const row = picture.rows().find((each) => each.id === id);
  return row ? lunName(row) : id;
}

/** One of the tables, of what passes the filter. */
export class TableView {
  /**
   * @param name gateways, targets, luns, hosts or operations
   * @param select called with the kind and the id of what is chosen
   * @param act called with a task's name and what it is about
   * @param denied says why this user may not do a task, or null
   */
  constructor(name, select, act, denied) {
    this.kind = KINDS[name];
    this.select = select;
    this.act = act;
    this.denied = denied;
    this.element = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name });
  }

  render({ picture, rows, filter, selection, recent, past }) {
    const { kind } = this;
    const all = kind.kind === 'lun' ? rows : kind.items(picture).filter((item) => filter.text(kind.id(item), item));
    const held = document.activeElement?.dataset?.row;
    const inside = held && this.element.contains(document.activeElement);
    replace(
      this.element,
      all.length === 0
        ? h('p', { class: 'empty' }, kind.items(picture).length > 0 ? 'Nothing passes the filter.' : kind.empty)
        : h(
            'table',
            { class: 'plain' },
            h('thead', null, h('tr', null, kind.heads.map(heading))),
            h('tbody', null, all.slice(0, 500).map((item) => this.line(item, picture, selection, recent, past))),
          ),
      all.length > 500 ? h('p', { class: 'empty' }, `The first 500 of ${all.length}: filter them.`) : null,
    );
    if (inside) {
      this.element.querySelector(`[data-row="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    }
  }

  line(item, picture, selection, recent, past) {
    const { kind } = this;
    const id = kind.id(item);
    const chosen = selection?.kind === kind.kind && selection.id === id;
    const cells = kind.cells(item, picture, past ? null : this.act, this.denied('cancel'));
    return h(
      'tr',
      { class: `${chosen ? 'selected ' : ''}${recent.has(`${kind.kind} ${id}`) ? 'recent' : ''}` },
      cells.map((cell, i) =>
        i === 0 && kind.kind !== 'operation'
          ? h('td', { class: 'name' }, button(cell, () => this.select(kind.kind, id), { 'data-row': id }))
          : h('td', { class: cell?.className === 'number' ? 'number' : null }, cell),
      ),
    );
  }
}
