// The cluster at one instant: gateways, targets, logical units and the paths between them.

import { lunName } from './words.js';

function key(id, target, lun) {
  return `${id} ${target} ${lun}`;
}

/** What is drawn: of now, or of an instant of the past. */
export class Picture {
  constructor(parts = {}) {
    this.gateways = new Map();
    this.targets = new Map();
    this.units = new Map();
    this.paths = new Map();
    this.operations = new Map();
    this.sessions = parts.sessions ?? [];
    this.silent = [];
    for (const gateway of parts.gateways ?? []) {
      this.gateways.set(gateway.name, gateway);
    }
    for (const target of parts.targets ?? []) {
      this.targets.set(target.name, target);
    }
    for (const unit of parts.luns ?? []) {
      this.units.set(unit.id, unit);
    }
    for (const operation of parts.operations ?? []) {
      this.operations.set(operation.id, operation);
    }
    this.addPaths(parts.paths ?? []);
    this.changed();
  }

  changed() {
    this.sortedRows = null;
    this.sortedGateways = null;
    this.owned = null;
  }

  addPaths(paths) {
    for (const path of paths) {
      const at = key(path.id, path.target, path.lun);
      let row = this.paths.get(at);
      if (!row) {
        row = new Map();
        this.paths.set(at, row);
      }
      const known = row.get(path.gateway);
      if (known) {
        known.portals.push(path.portal);
      } else {
        row.set(path.gateway, { ...path, portals: path.portal ? [path.portal] : [] });
      }
    }
  }

  /** Puts a unit and its paths in the place of what was known of them. */
  putUnit(unit, paths) {
    const before = this.units.get(unit.id);
    if (paths) {
      this.dropPaths(unit.id, before);
      this.addPaths(paths);
    }
    this.units.set(unit.id, unit);
    this.changed();
  }

  /** Puts newer paths in the place of those that are known; what is older than these stays away. */
  putPaths(paths) {
    const fresh = new Set();
    for (const path of paths) {
      const row = this.paths.get(key(path.id, path.target, path.lun));
      const known = row?.get(path.gateway);
      const at = `${key(path.id, path.target, path.lun)} ${path.gateway}`;
      if (known && !fresh.has(at) && !older(path.since, known.since)) {
        row.delete(path.gateway);
      }
      if (!known || !older(path.since, known.since)) {
        fresh.add(at);
        this.addPaths([path]);
      }
    }
    this.changed();
  }

  /** Puts a target, and with it the places where units are mapped. */
  putTarget(target) {
    this.targets.set(target.name, target);
    const places = new Map();
    for (const { lun, id } of target.luns) {
      places.set(id, [...(places.get(id) ?? []), { target: target.name, lun }]);
    }
    for (const unit of this.units.values()) {
      const others = (unit.mappings ?? []).filter((at) => at.target !== target.name);
      const here = places.get(unit.id) ?? [];
      if (here.length > 0 || others.length !== (unit.mappings ?? []).length) {
        unit.mappings = [...others, ...here];
      }
    }
    this.changed();
  }

  /** Takes a gateway and its paths away. */
  removeGateway(name) {
    this.gateways.delete(name);
    this.paths.forEach((row) => row.delete(name));
    this.changed();
  }

  /** Takes a target away; its units are mapped there no more. */
  removeTarget(name) {
    this.putTarget({ name, luns: [] });
    this.targets.delete(name);
  }

  /** How many LUNs a gateway owns, counted here: a gateway is not told anew when a unit moves. */
  ownedBy(name) {
    if (this.owned === null) {
      this.owned = new Map();
      for (const unit of this.units.values()) {
        this.owned.set(unit.owner, (this.owned.get(unit.owner) ?? 0) + 1);
      }
    }
    return this.owned.get(name) ?? 0;
  }

  removeUnit(id) {
    this.dropPaths(id, this.units.get(id));
    this.units.delete(id);
    this.changed();
  }

  dropPaths(id, unit) {
    for (const at of unit?.mappings ?? []) {
      this.paths.delete(key(id, at.target, at.lun));
    }
  }

  /** Gateways by name, numbers in them by their value. */
  gatewayList() {
    this.sortedGateways ??= [...this.gateways.values()].sort((a, b) => compare(a.name, b.name));
    return this.sortedGateways;
  }

  /** Every place where a unit is mapped, by target and LUN; then those that no target maps. */
  rows() {
    if (this.sortedRows === null) {
      const rows = [];
      for (const unit of this.units.values()) {
        const places = unit.mappings?.length ? unit.mappings : [{ target: null, lun: null }];
        for (const { target, lun } of places) {
          const paths = this.paths.get(key(unit.id, target, lun)) ?? new Map();
          rows.push({ key: key(unit.id, target, lun), id: unit.id, target, lun, unit, paths });
        }
      }
      rows.sort(
        (a, b) =>
          (a.target === null) - (b.target === null) ||
          compare(a.target ?? '', b.target ?? '') ||
          a.lun - b.lun ||
          compare(a.id, b.id),
      );
      this.sortedRows = rows;
    }
    return this.sortedRows;
  }

  /** What people call a logical unit, or its id when it is not known. */
  nameOf(id) {
    const unit = this.units.get(id);
    return unit ? lunName(unit) : id;
  }

  /** The hosts: initiators with the sessions that they have. */
  hosts() {
    const hosts = new Map();
    for (const session of this.sessions) {
      const name = session.initiator;
      if (!hosts.has(name)) {
        hosts.set(name, { name, sessions: [], gateways: new Set(), targets: new Set() });
      }
      const host = hosts.get(name);
      host.sessions.push(session);
      host.gateways.add(session.gateway);
      if (session.target) {
        host.targets.add(session.target);
      }
    }
    return [...hosts.values()].sort((a, b) => compare(a.name, b.name));
  }

  /** What is wrong, worst first, each with a tone and what it is about. */
  troubles() {
    const troubles = [];
    for (const gateway of this.gatewayList()) {
      if (gateway.state !== 'up') {
        troubles.push({
          tone: gateway.state === 'stopped' ? 'warn' : 'bad',
          text: `${gateway.name} has ${gateway.state === 'stopped' ? 'been stopped' : gateway.state}`,
          detail: gateway.cause,
          kind: 'gateway',
          id: gateway.name,
        });
      } else {
        for (const seen of gateway.observations ?? []) {
          troubles.push({
            tone: 'warn',
            text: `${gateway.name}: ${seen.kind}${seen.part ? ` (${seen.part})` : ''}`,
            detail: `seen by ${seen.observer}: ${seen.detail}`,
            kind: 'gateway',
            id: gateway.name,
          });
        }
      }
    }
    const unserved = [...this.units.values()].filter((unit) => unit.phase !== 'serving');
    if (unserved.length > 0) {
      troubles.push({
        tone: 'bad',
        text: `${unserved.length === 1 ? '1 LUN is' : `${unserved.length} LUNs are`} not served`,
        detail: unserved[0].cause,
        kind: 'lun',
        id: unserved[0].id,
      });
    }
    for (const name of this.silent) {
      troubles.push({ tone: 'warn', text: `${name} does not tell its sessions`, kind: 'gateway', id: name });
    }
    return troubles.sort((a, b) => (a.tone === 'bad' ? 0 : 1) - (b.tone === 'bad' ? 0 : 1));
  }
}

/** Whether an instant is before another: they are told to a different number of digits. */
function older(a, b) {
  const digits = (instant) => {
    const [seconds, fraction = ''] = instant.replace('Z', '').split('.');
    return `${seconds}.${fraction.padEnd(9, '0')}`;
  };
  return digits(a) < digits(b);
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Names in the order in which people count. */
export function compare(a, b) {
  return COLLATOR.compare(a, b);
}
