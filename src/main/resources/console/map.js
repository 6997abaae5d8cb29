// The map: hosts, gateways and LUNs, with a wire for each session and each path.

import { h, replace, s } from './dom.js';
import { bytes, condition, count, lunName, shortName, stateOf } from './words.js';

const MAX_GATEWAYS = 16;
const MAX_ROWS = 60;
const MAX_HOSTS = 40;
const TOP = 34;
const LUN_H = 30;
const HOST_H = 34;
const GATEWAY_H = 62;
const GAP = 6;

/** Below this width there is no room for hosts and sizes. */
const NARROW = 560;

/** Where nodes stand and what the wires between them are, for the part that passes the filter. */
function plan(picture, rows, width) {
  const gateways = picture.gatewayList();
  const hosts = picture.hosts();
  if (width < NARROW) {
    hosts.length = 0;
  }
  const boxes = { host: Math.min(190, width * 0.21), gateway: Math.max(96, Math.min(140, width * 0.17)), lun: Math.max(150, Math.min(264, width * 0.36)) };
  const columns = { host: 14, gateway: width < NARROW ? 10 : Math.round(width * 0.32), lun: Math.round(width - boxes.lun - 14) };
  const tall = Math.max(
    rows.length * (LUN_H + GAP),
    gateways.length * (GATEWAY_H + 14),
    hosts.length * (HOST_H + GAP),
    180,
  );
  const spread = (items, height, gap, kind, name) => {
    const room = Math.min(tall / Math.max(items.length, 1), kind === 'gateway' ? 150 : height + gap + 8);
    const begin = TOP + (tall - room * items.length) / 2;
    return items.map((item, index) => ({
      kind,
      id: name(item),
      item,
      x: columns[kind],
      y: begin + room * index + (room - height) / 2,
      w: boxes[kind],
      h: height,
    }));
  };
  return {
    height: TOP + tall + 10,
    columns,
    nodes: [
      ...spread(hosts, HOST_H, GAP, 'host', (host) => host.name),
      ...spread(gateways, GATEWAY_H, 14, 'gateway', (gateway) => gateway.name),
      ...spread(rows, LUN_H, GAP, 'lun', (row) => row.key),
    ],
  };
}

export class MapView {
  /**
   * @param select called with the kind and the id of what is chosen
   */
  constructor(select) {
    this.select = select;
    this.element = h('div', { class: 'map' });
    this.focus = null;
    this.over = null;
  }

  render({ picture, rows, selection, recent }) {
    this.last = { picture, rows, selection, recent };
    const gateways = picture.gatewayList();
    if (gateways.length > MAX_GATEWAYS || rows.length > MAX_ROWS || picture.hosts().length > MAX_HOSTS) {
      replace(
        this.element,
        h(
          'p',
          { class: 'empty' },
          `${count(rows.length, 'LUN')} through ${count(gateways.length, 'gateway')} are too many to draw. `,
          'Filter them, or use the ',
          h('a', { href: '#/matrix' }, 'matrix'),
          '.',
        ),
      );
      return;
    }
    const width = Math.max(320, this.element.clientWidth || 900);
    const drawn = plan(picture, rows, width);
    const held = this.element.contains(document.activeElement);
    this.nodes = new Map(drawn.nodes.map((node) => [`${node.kind} ${node.id}`, node]));
    if (!this.nodes.has(this.focus)) {
      this.focus = this.nodes.keys().next().value ?? null;
    }
    const svg = s('svg', {
      class: 'drawing',
      viewBox: `0 0 ${width} ${drawn.height}`,
      height: drawn.height,
      role: 'group',
      'aria-label': 'Map of hosts, gateways and LUNs. Arrow keys move, Enter opens details.',
    });
    const titles = [['host', 'HOSTS'], ['gateway', 'GATEWAYS'], ['lun', 'LUNS']];
    for (const [kind, title] of titles.slice(width < NARROW ? 1 : 0)) {
      svg.append(s('text', { class: 'column-title', x: drawn.columns[kind], y: 20 }, title));
    }
    if (width >= NARROW && picture.hosts().length === 0) {
      svg.append(
        s('text', { class: 'small', x: 14, y: TOP + 22 }, picture.at ? 'sessions are not recorded' : 'nobody is logged in'),
      );
    }
    svg.append(this.wires(picture, rows), ...drawn.nodes.map((node) => this.node(node)));
    replace(this.element, svg);
    this.emphasize();
    if (held) {
      this.element.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
    }
  }

  wires(picture, rows) {
    const group = s('g', { 'aria-hidden': 'true' });
    const marks = s('g', { class: 'marks' });
    const order = picture.gatewayList().map((gateway) => gateway.name);
    for (const host of picture.hosts()) {
      for (const gateway of host.gateways) {
        this.wire(group, `host ${host.name}`, `gateway ${gateway}`, 'session');
      }
    }
    for (const row of rows) {
      for (const path of row.paths.values()) {
        const middle = this.wire(group, `gateway ${path.gateway}`, `lun ${row.key}`, `state-${path.state}`, 0.88 - 0.05 * (order.indexOf(path.gateway) % 6));
        if (middle && path.state !== 'active-optimized' && path.state !== 'active-non-optimized') {
          marks.append(shapeAt(path.state, middle, `gateway ${path.gateway}`, `lun ${row.key}`));
        }
      }
    }
    group.append(marks);
    return group;
  }

  /** Draws a wire, and gives the point at this part of its way. */
  wire(group, from, to, name, part = 0.5) {
    const a = this.nodes.get(from);
    const b = this.nodes.get(to);
    if (!a || !b) {
      return null;
    }
    const x1 = a.x + a.w;
    const y1 = a.y + a.h / 2;
    const x2 = b.x;
    const y2 = b.y + b.h / 2;
    const bend = (x2 - x1) * 0.45;
    group.append(
      s('path', {
        class: `wire ${name}`,
        d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
        'data-from': from,
        'data-to': to,
      }),
    );
    const rest = 1 - part;
    return {
      x: rest ** 3 * x1 + 3 * rest ** 2 * part * (x1 + bend) + 3 * rest * part ** 2 * (x2 - bend) + part ** 3 * x2,
      y: (rest ** 3 + 3 * rest ** 2 * part) * y1 + (3 * rest * part ** 2 + part ** 3) * y2,
    };
  }

  node(node) {
    const at = `${node.kind} ${node.id}`;
    const { selection, recent } = this.last;
    const classes = ['node', node.kind];
    const label = { host: hostLabel, gateway: gatewayLabel, lun: lunLabel }[node.kind](node, this.last.picture);
    classes.push(label.tone ?? '');
    const id = node.kind === 'lun' ? node.item.id : node.id;
    if (selection && selection.kind === node.kind && selection.id === id) {
      classes.push('selected');
    }
    if (recent.has(`${node.kind} ${id}`)) {
      classes.push('recent');
    }
    return s(
      'g',
      {
        class: classes.join(' '),
        transform: `translate(${node.x} ${node.y})`,
        tabindex: at === this.focus ? 0 : -1,
        role: 'button',
        'aria-label': label.spoken,
        'data-node': at,
        onclick: () => this.choose(at),
        onfocus: () => this.focusOn(at, false),
        onkeydown: (event) => this.key(event, at),
        onmouseenter: () => this.hover(at),
        onmouseleave: () => this.hover(null),
      },
      s('rect', { class: 'box', width: node.w, height: node.h, rx: 6 }),
      label.parts,
    );
  }

  choose(at) {
    const node = this.nodes.get(at);
    this.select(node.kind, node.kind === 'lun' ? node.item.id : node.id);
  }

  hover(at) {
    this.over = at;
    this.emphasize();
  }

  /** Lets what has nothing to do with the node under the pointer, or the chosen one, step back. */
  emphasize() {
    const { selection } = this.last;
    let of = this.over;
    if (!of && selection) {
      of = [...this.nodes.values()].find(
        (node) => node.kind === selection.kind && (node.kind === 'lun' ? node.item.id : node.id) === selection.id,
      );
      of = of ? `${of.kind} ${of.id}` : null;
    }
    for (const part of this.element.querySelectorAll('[data-from]')) {
      part.classList.toggle('aside-of', of !== null && part.dataset.from !== of && part.dataset.to !== of);
    }
  }

  focusOn(at, move) {
    this.element.querySelector('.node[tabindex="0"]')?.setAttribute('tabindex', '-1');
    this.focus = at;
    const node = this.element.querySelector(`[data-node="${CSS.escape(at)}"]`);
    node?.setAttribute('tabindex', '0');
    if (move) {
      node?.focus();
      node?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }

  key(event, at) {
    const node = this.nodes.get(at);
    const column = [...this.nodes.values()].filter((each) => each.kind === node.kind);
    const index = column.indexOf(node);
    const kinds = ['host', 'gateway', 'lun'];
    const beside = (step) => {
      for (let k = kinds.indexOf(node.kind) + step; k >= 0 && k < kinds.length; k += step) {
        const others = [...this.nodes.values()].filter((each) => each.kind === kinds[k]);
        if (others.length > 0) {
          return others.reduce((best, each) =>
            Math.abs(each.y + each.h / 2 - node.y - node.h / 2) < Math.abs(best.y + best.h / 2 - node.y - node.h / 2)
              ? each
              : best,
          );
        }
      }
      return node;
    };
    const moves = {
      ArrowDown: () => column[Math.min(index + 1, column.length - 1)],
      ArrowUp: () => column[Math.max(index - 1, 0)],
      Home: () => column[0],
      End: () => column[column.length - 1],
      ArrowLeft: () => beside(-1),
      ArrowRight: () => beside(1),
    };
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.choose(at);
    } else if (moves[event.key]) {
      event.preventDefault();
      const to = moves[event.key]();
      this.focusOn(`${to.kind} ${to.id}`, true);
    }
  }
}

function shapeAt(state, { x, y }, from, to) {
  const shapes = {
    unavailable: 'M-5 -5L5 5M5 -5L-5 5',
    offline: 'M-6 0H6',
    transitioning: 'M0 -6L6 0L0 6L-6 0z',
    standby: 'M-4 -4H4V4H-4z',
  };
  return s('path', {
    class: `shape state-${state}`,
    transform: `translate(${x} ${y})`,
    d: shapes[state] ?? 'M0 -6L6 5H-6z',
    'stroke-width': 2,
    'data-from': from,
    'data-to': to,
  });
}

function text(value, x, y, name, room) {
  const most = Math.max(4, Math.floor(room / 6.6));
  const shown = value.length > most ? `…${value.slice(value.length - most + 1)}` : value;
  return s('text', { x, y, class: name }, shown === value ? null : s('title', null, value), shown);
}

function hostLabel(node) {
  const host = node.item;
  const sessions = count(host.sessions.length, 'session');
  return {
    spoken: `Host ${host.name}, ${sessions} through ${[...host.gateways].join(', ')}`,
    parts: [text(shortName(host.name), 10, 15, '', node.w - 20), text(sessions, 10, 28, 'small', node.w)],
  };
}

function gatewayLabel(node, picture) {
  const gateway = { ...node.item, owned: picture.ownedBy(node.id) };
  const { word, tone } = condition(gateway);
  const observed = gateway.state === 'up' && gateway.observations?.length > 0;
  const shown = observed && tone === 'good' ? 'warn' : tone;
  return {
    tone: shown,
    spoken: `Gateway ${gateway.name}, ${word}, owns ${count(gateway.owned, 'LUN')}${observed ? ', something stands against it' : ''}`,
    parts: [
      s('rect', { class: 'side-mark', x: 0, y: 8, width: 4, height: node.h - 16 }),
      text(gateway.name, 12, 19, '', node.w - 20),
      text(word, 12, 36, shown === 'good' ? 'small' : `${shown}-text`, node.w - 20),
      text(`${node.w < 130 ? '' : 'owns '}${count(gateway.owned, 'LUN')}`, 12, 52, 'small', node.w - 20),
    ],
  };
}

function lunLabel(node) {
  const row = node.item;
  const { unit } = row;
  const serving = unit.phase === 'serving';
  const states = [...row.paths.values()].map((path) => `${path.gateway} ${stateOf(path.state).name}`);
  const owner = unit.owner ?? 'nobody';
  const roomy = node.w > 210;
  return {
    tone: serving ? '' : 'bad',
    spoken: `LUN ${lunName(row)}, ${bytes(unit.size)}, owner ${owner}, ${unit.phase}; ${states.join(', ')}`,
    parts: [
      text(lunName(row), 10, 19, '', node.w - (roomy ? 150 : 84)),
      roomy ? text(bytes(unit.size), node.w - 138, 19, 'small', 70) : null,
      serving
        ? [s('path', { class: 'side-mark', d: `M${node.w - 70} 15l5 -5 5 5 -5 5z` }), text(owner, node.w - 56, 19, 'owner-text', 52)]
        : text(unit.phase, node.w - 74, 19, 'bad-text', 72),
    ],
  };
}
