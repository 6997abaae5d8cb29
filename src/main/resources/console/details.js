// The panel of details of what is chosen, with what can be done to it.

import { ifThere, list } from './api.js';
import { button, facts, h, replace } from './dom.js';
import { targetDetails } from './details-target.js';
import { bytes, chip, condition, lunName, shortName, stateText, timeElement } from './words.js';

export class DetailsView {
  /**
   * @param element where it is shown
   * @param tasks called with the name of a task and what it is about
   * @param denied says why this user may not do a task, or null
   * @param select called with the kind and the id of what is chosen, or nothing to close
   */
  constructor(element, tasks, denied, select) {
    this.element = element;
    this.tasks = tasks;
    this.denied = denied;
    this.select = select;
    this.more = null;
  }

  render({ picture, selection, past, stores }) {
    if (!selection) {
      this.element.hidden = true;
      this.shown = null;
      return;
    }
    const same = this.shown === `${selection.kind} ${selection.id}`;
    const held = same && this.element.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    const scrolled = same ? (this.element.querySelector('.panel-body')?.scrollTop ?? 0) : 0;
    this.past = past;
    this.picture = picture;
    this.stores = stores;
    this.reasons = new Map();
    const content = { lun: () => this.lun(selection.id), gateway: () => this.gateway(selection.id), target: () => this.target(selection.id), host: () => this.host(selection.id) }[selection.kind]();
    this.element.hidden = false;
    if (!same) {
      this.more = null;
      this.shown = `${selection.kind} ${selection.id}`;
      if (!past) {
        this.fetchMore(selection);
      }
    }
    replace(
      this.element,
      h(
        'div',
        { class: 'panel-head' },
        h('h2', { id: 'details-heading', tabindex: -1 }, content?.title ?? `${selection.kind} ${selection.id}`),
        button('Close', () => this.select(null), { class: 'quiet', 'data-action': 'close' }),
      ),
      h(
        'div',
        { class: 'panel-body', tabindex: 0, role: 'region', 'aria-label': 'Details' },
        this.refusals(),
        content?.body ?? h('p', { class: 'muted' }, past ? 'It did not exist then.' : 'It is not there any more.'),
      ),
    );
    this.element.querySelector('.panel-body').scrollTop = scrolled;
    if (held) {
      this.element.querySelector(`[data-action="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    }
  }

  /** Moves the focus to the panel, after it was asked for. */
  focus() {
    this.element.querySelector('h2')?.focus();
  }

  /** What the picture does not hold, but one resource does. */
  async fetchMore({ kind, id }) {
    const shown = this.shown;
    try {
      if (kind === 'lun') {
        this.more = { snapshots: await ifThere(list(`luns/${encodeURIComponent(id)}/snapshots`)) };
      } else if (kind === 'target') {
        this.more = { initiators: await list(`targets/${encodeURIComponent(id)}/initiators`) };
      } else {
        return;
      }
    } catch (error) {
      // A store without snapshots refuses to list any, and says so.
      this.more = { fault: error.message };
    }
    if (this.shown === shown) {
      this.onMore?.();
    }
  }

  /** Asks again for what belongs to the details, after a change. */
  again(selection) {
    if (selection && !this.past) {
      this.fetchMore(selection);
    }
  }

  /**
   * A button for a task, which can't be pressed where something is against it.
   *
   * @param danger whether data, or ways to them, may be lost
   * @param why what is against it, beside this user's role
   * @param of tells apart buttons for the same task
   */
  action(name, text, subject, { danger = false, why = null, of = null } = {}) {
    const reason = this.past ? 'This is the past' : (this.denied(name) ?? why);
    if (reason && !this.past) {
      const what = reason === why && of !== null ? `${text} ${of}` : text;
      this.reasons.set(reason, [...(this.reasons.get(reason) ?? []), what]);
    }
    return button(text, () => this.tasks(name, subject), {
      'data-action': of === null ? name : `${name} ${of}`,
      class: danger ? 'danger' : null,
      disabled: reason !== null,
      title: reason,
      'aria-describedby': reason && !this.past ? 'refusals' : null,
    });
  }

  /** Why buttons can't be pressed, for those too who have no pointer to rest on them. */
  refusals() {
    if (this.reasons.size === 0) {
      return null;
    }
    return h(
      'ul',
      { id: 'refusals', class: 'muted refusals' },
      [...this.reasons].map(([reason, texts]) => h('li', null, `${reason}: ${[...new Set(texts)].join(', ')}`)),
    );
  }

  lun(id) {
    const { picture } = this;
    const rows = picture.rows().filter((row) => row.id === id);
    if (rows.length === 0) {
      return null;
    }
    const { unit } = rows[0];
    return {
      title: `LUN ${lunName(rows[0])}`,
      body: [
        h(
          'div',
          { class: 'actions' },
          this.action('move', 'Move', unit),
          this.action('prefer', 'Prefer', unit),
          this.action('resize', 'Resize', unit),
          this.action('map', 'Map', unit),
          this.action('unmap', 'Unmap', unit),
          this.action('readOnly', unit.readOnly ? 'Make writable' : 'Make read-only', unit),
          this.action('snapshot', 'Snapshot', unit),
          this.action('deleteLun', 'Delete', unit, { danger: true }),
        ),
        facts([
          ['Owner', unit.owner ? this.link('gateway', unit.owner, unit.owner) : 'nobody'],
          ['Phase', chip(unit.phase, unit.phase === 'serving' ? 'good' : 'bad')],
          ['Since', timeElement(unit.since)],
          ['Cause', unit.cause],
          ['Epoch', unit.epoch],
          ['Size', `${bytes(unit.size)}${unit.growingTo ? `, growing to ${bytes(unit.growingTo)}` : ''}`],
          ['Blocks', `${unit.blockSize} B, physical ${unit.physicalBlockSize} B`],
          ['Store', `${unit.store}, ${unit.provisioning}`],
          ['Preferred', unit.preferred?.join(', ') || 'any gateway'],
          ['Read-only', unit.readOnly ? 'yes' : null],
          ['Cloned from', unit.clonedFrom ? `${unit.clonedFrom.snapshot} of ${unit.clonedFrom.lun}` : null],
          ['Rolling back to', unit.rollingBackTo],
          ['Load', `${unit.load} operations/s`],
          ['NAA', h('span', { class: 'mono' }, unit.naa)],
          ['Serial', h('span', { class: 'mono' }, unit.serial)],
          ['Id', h('span', { class: 'mono' }, unit.id)],
          ['Mapped', rows.filter((row) => row.target).map((row) => h('div', null, this.link('target', row.target, shortName(row.target)), ` as LUN ${row.lun}`))],
        ]),
        evidence(unit.evidence),
        this.paths(rows),
        this.snapshots(unit),
      ],
    };
  }

  paths(rows) {
    return rows
      .filter((row) => row.paths.size > 0)
      .map((row) => [
        h('h3', null, rows.length > 1 ? `Paths of ${lunName(row)}` : 'Paths'),
        h(
          'table',
          { class: 'plain' },
          h('thead', null, h('tr', null, ['Gateway', 'State', 'Portal'].map((head) => h('th', { scope: 'col' }, head)))),
          h(
            'tbody',
            null,
            [...row.paths.values()].map((path) =>
              h('tr', null, h('td', null, path.gateway), h('td', null, stateText(path.state)), h('td', null, path.portals.join(', '))),
            ),
          ),
        ),
      ]);
  }

  snapshots(unit) {
    const { snapshots, fault } = this.more ?? {};
    if (!snapshots || snapshots.length === 0) {
      return fault ? [h('h3', null, 'Snapshots'), h('p', { class: 'muted' }, fault)] : null;
    }
    return [
      h('h3', null, 'Snapshots'),
      h(
        'ul',
        null,
        snapshots.map((each) => {
          const about = { unit, snapshot: each };
          const cloned = each.clones > 0 ? `It has ${each.clones} clones` : null;
          return h(
            'li',
            { class: 'actions' },
            h('span', null, `${each.name}, ${bytes(each.size)}, `, timeElement(each.createdAt), each.clones > 0 ? `, clones: ${each.clones}` : ''),
            this.action('clone', 'Clone', about, { of: each.name }),
            this.action('rollback', 'Roll back', about, { danger: true, of: each.name }),
            this.action('deleteSnapshot', 'Delete', about, { danger: true, of: each.name, why: cloned }),
          );
        }),
      ),
    ];
  }

  gateway(name) {
    const gateway = this.picture.gateways.get(name);
    if (!gateway) {
      return null;
    }
    const { word, tone } = condition(gateway);
    const sessions = this.picture.sessions.filter((session) => session.gateway === name);
    return {
      title: `Gateway ${name}`,
      body: [
        h(
          'div',
          { class: 'actions' },
          gateway.service === 'in-service' || !gateway.service
            ? this.action('drain', 'Drain', gateway)
            : this.action('undrain', 'Put into service', gateway),
          this.action('removeGateway', 'Remove for good', gateway, { danger: true, why: gateway.state === 'up' ? 'It is up' : null }),
        ),
        facts([
          ['State', chip(word, tone)],
          ['Since', timeElement(gateway.since)],
          ['Cause', gateway.cause],
          ['Service', gateway.service === 'in-service' ? null : `${gateway.service}: ${gateway.serviceCause}`],
          ['Owns', `${this.picture.ownedBy(name)} LUNs, ${gateway.load} operations/s`],
          ['Sessions', sessions.length],
          ['Portals', gateway.portals.map((portal) => h('div', { class: 'mono' }, portal))],
          ['Port group', gateway.portGroup],
          ['Console', gateway.api ? h('a', { href: `${gateway.api}/console/`, rel: 'noreferrer' }, gateway.api) : null],
          ['Version', gateway.version],
          ['Process', `${gateway.pid}`],
          ['Incarnation', h('span', { class: 'mono' }, gateway.incarnation)],
        ]),
        evidence(gateway.observations),
      ],
    };
  }

  target(name) {
    const target = this.picture.targets.get(name);
    return target ? targetDetails(this, target, this.more?.initiators ?? []) : null;
  }

  host(name) {
    const host = this.picture.hosts().find((each) => each.name === name);
    if (!host) {
      return null;
    }
    return {
      title: `Host ${shortName(name)}`,
      body: [
        facts([['Initiator', h('span', { class: 'mono' }, name)]]),
        h('h3', null, 'Sessions'),
        h(
          'ul',
          null,
          host.sessions.map((session) =>
            h(
              'li',
              null,
              facts([
                ['Gateway', this.link('gateway', session.gateway, session.gateway)],
                ['Target', session.target ? shortName(session.target) : 'discovery'],
                ['From', session.peer],
                ['Since', timeElement(session.since)],
                ['In flight', session.commandsInFlight],
              ]),
              session.id ? h('div', { class: 'actions' }, this.action('closeSession', 'Close session', session, { danger: true, of: session.id })) : null,
            ),
          ),
        ),
      ],
    };
  }

  link(kind, id, text) {
    return button(text, () => this.select(kind, id), { class: 'link', 'data-action': `${kind} ${id}` });
  }
}

/** What was seen, by whom. */
export function evidence(observations) {
  if (!observations || observations.length === 0) {
    return null;
  }
  return [
    h('h3', null, 'Evidence'),
    h(
      'ul',
      null,
      observations.map((seen) =>
        h('li', null, timeElement(seen.at), ` ${seen.observer} of ${seen.subject}: ${seen.kind}${seen.detail ? `, ${seen.detail}` : ''}`),
      ),
    ),
  ];
}
