// The matrix: LUNs by gateways, of which only the rows in sight are in the document.

import { h, replace } from './dom.js';
import { condition, lunName, mark, stateOf } from './words.js';

const ROW = 26;
const HEAD = 30;
const FIRST = 214;
const CELL = 58;
const SPARE = 8;

export class MatrixView {
  /**
   * @param select called with the kind and the id of what is chosen
   */
  constructor(select) {
    this.select = select;
    this.at = { row: 0, column: 0 };
    this.heads = h('div', { class: 'heads', role: 'row', 'aria-rowindex': 1 });
    this.tall = h('div', { class: 'tall', role: 'rowgroup' });
    this.element = h(
      'div',
      {
        class: 'matrix',
        role: 'grid',
        'aria-label': 'State of each LUN through each gateway. Arrow keys move, Enter opens details.',
        onkeydown: (event) => this.key(event),
        onscroll: () => this.window(),
      },
      h('div', { class: 'above', role: 'rowgroup' }, this.heads),
      this.tall,
    );
    new ResizeObserver(() => this.last && this.window()).observe(this.element);
  }

  render(state) {
    this.last = state;
    const { picture, rows } = state;
    this.gateways = picture.gatewayList();
    this.at.row = Math.max(-1, Math.min(this.at.row, rows.length - 1));
    this.at.column = Math.min(this.at.column, this.gateways.length);
    this.element.setAttribute('aria-rowcount', rows.length + 1);
    this.element.setAttribute('aria-colcount', this.gateways.length + 1);
    this.tall.style.height = `${rows.length * ROW}px`;
    this.tall.style.width = `${FIRST + this.gateways.length * CELL}px`;
    const held = this.element.contains(document.activeElement) && document.activeElement !== this.element;
    replace(this.heads, this.head('LUN / owner', 0, null), this.gateways.map((gateway, i) => this.head(gateway.name, i + 1, gateway)));
    this.shown = null;
    this.window();
    if (held) {
      this.focus();
    }
  }

  head(name, column, gateway) {
    const { word, tone } = gateway ? condition(gateway) : { word: '', tone: '' };
    const choose = gateway ? () => this.select('gateway', gateway.name) : null;
    return h(
      'div',
      {
        class: gateway ? `head ${tone}` : 'first',
        role: 'columnheader',
        'aria-colindex': column + 1,
        'aria-label': gateway && tone !== 'good' ? `${name}, ${word}` : null,
        title: gateway ? `${name}: ${word}` : null,
        tabindex: this.tabindex(-1, column),
        'data-at': `-1 ${column}`,
        onclick: choose,
      },
      name,
    );
  }

  tabindex(row, column) {
    return this.at.row === row && this.at.column === column ? 0 : -1;
  }

  /** Puts the rows in sight into the document, and takes the others out. */
  window() {
    const { rows } = this.last;
    const top = this.element.scrollTop;
    const from = Math.max(0, Math.floor(top / ROW) - SPARE);
    const to = Math.min(rows.length, Math.ceil((top + this.element.clientHeight) / ROW) + SPARE);
    if (this.shown && this.shown.from === from && this.shown.to === to) {
      return;
    }
    const held = document.activeElement?.dataset?.at;
    const inside = held && this.element.contains(document.activeElement);
    this.shown = { from, to };
    const lines = [];
    for (let i = from; i < to; i++) {
      lines.push(this.line(rows[i], i));
    }
    // What has the focus stays in the document, or the keyboard would lose its place.
    if (this.at.row >= 0 && this.at.row < rows.length && (this.at.row < from || this.at.row >= to)) {
      lines.push(this.line(rows[this.at.row], this.at.row));
    }
    replace(this.tall, lines);
    if (inside) {
      this.element.querySelector(`[data-at="${held}"]`)?.focus({ preventScroll: true });
    }
  }

  line(row, index) {
    const { selection, recent } = this.last;
    const classes = ['line'];
    if (selection?.kind === 'lun' && selection.id === row.id) {
      classes.push('selected');
    }
    if (recent.has(`lun ${row.id}`)) {
      classes.push('recent');
    }
    const line = h(
      'div',
      { class: classes.join(' '), role: 'row', 'aria-rowindex': index + 2 },
      h(
        'div',
        {
          class: 'first',
          role: 'rowheader',
          'aria-colindex': 1,
          tabindex: this.tabindex(index, 0),
          'data-at': `${index} 0`,
          title: `${row.target ?? 'unmapped'} LUN ${row.lun ?? '-'}`,
          onclick: () => this.select('lun', row.id),
        },
        h('span', null, lunName(row)),
        h('span', { class: 'muted' }, row.unit.owner ?? row.unit.phase),
      ),
      this.gateways.map((gateway, i) => this.cell(row, index, gateway, i + 1)),
    );
    line.style.top = `${index * ROW}px`;
    return line;
  }

  cell(row, index, gateway, column) {
    const path = row.paths.get(gateway.name);
    const state = path ? stateOf(path.state) : null;
    const owner = row.unit.owner === gateway.name;
    return h(
      'div',
      {
        class: `cell${path ? ` state-${path.state}` : ''}${owner ? ' owner' : ''}`,
        role: 'gridcell',
        'aria-colindex': column + 1,
        'aria-label': `${lunName(row)} through ${gateway.name}: ${state ? state.name : 'no path'}${owner ? ', owner' : ''}`,
        title: path ? `${gateway.name}: ${state.name}${owner ? ', owner' : ''}` : `${gateway.name}: no path`,
        tabindex: this.tabindex(index, column),
        'data-at': `${index} ${column}`,
        onclick: () => this.select('lun', row.id),
      },
      path ? [mark(path.state), state.short] : '',
    );
  }

  key(event) {
    const { rows } = this.last;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
    const { row, column } = this.at;
    const moves = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + page, column],
      PageUp: [row - page, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0],
      End: event.ctrlKey ? [rows.length - 1, this.gateways.length] : [row, this.gateways.length],
    };
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (row >= 0 && rows[row]) {
        this.select('lun', rows[row].id);
      } else if (column > 0) {
        this.select('gateway', this.gateways[column - 1].name);
      }
      return;
    }
    if (moves[event.key] && !event.altKey && !event.metaKey) {
      event.preventDefault();
      const [toRow, toColumn] = moves[event.key];
      this.at = {
        row: Math.max(-1, Math.min(toRow, rows.length - 1)),
        column: Math.max(0, Math.min(toColumn, this.gateways.length)),
      };
      this.focus();
    }
  }

  focus() {
    const { row, column } = this.at;
    const box = this.element;
    if (row >= 0) {
      const top = row * ROW;
      const room = box.clientHeight - HEAD - ROW;
      box.scrollTop = Math.min(top, Math.max(box.scrollTop, top - room));
    }
    const left = (column - 1) * CELL;
    if (column > 0) {
      box.scrollLeft = Math.min(left, Math.max(box.scrollLeft, left + CELL + FIRST - box.clientWidth));
    }
    this.shown = null;
    for (const cell of box.querySelectorAll('[tabindex="0"]')) {
      cell.setAttribute('tabindex', '-1');
    }
    this.window();
    const cell = box.querySelector(`[data-at="${row} ${column}"]`);
    cell?.setAttribute('tabindex', '0');
    cell?.focus({ preventScroll: true });
  }
}
