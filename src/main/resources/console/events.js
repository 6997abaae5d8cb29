// The list of what has happened, newest first.

import { button, h, replace } from './dom.js';
import { evidence } from './details.js';
import { newsOfEvent } from './history.js';
import { clock, count, time } from './words.js';

const KEPT = 200;

export class EventList {
  /**
   * @param select called with the kind and the id of what an event is about
   * @param nameOf gives what a logical unit of an id is called
   */
  constructor(element, note, select, nameOf) {
    this.nameOf = nameOf;
    this.element = element;
    this.note = note;
    this.select = select;
    this.items = [];
    this.seen = false;
  }

  /** What the journal says; what was seen live since then stays above it. */
  history(events) {
    if (this.seen) {
      return;
    }
    this.seen = true;
    const oldest = this.items.at(-1)?.at;
    const before = events.filter((event) => !oldest || Date.parse(event.at) < Date.parse(oldest)).slice(-KEPT);
    this.items.push(...before.reverse().map((event) => newsOfEvent(event, this.nameOf)));
    this.draw();
  }

  /** What has just been seen to change. */
  add(news) {
    this.items = [...news].reverse().concat(this.items).slice(0, KEPT);
    this.draw();
  }

  /** Tells what has happened by an instant, in milliseconds, from what is to come; null: by now. */
  at(instant) {
    this.instant = instant;
    this.draw();
    this.element.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }

  draw() {
    this.note.textContent = this.items.length === 0 ? 'since this page was opened' : '';
    if (this.items.length === 0) {
      replace(this.element, h('li', { class: 'muted' }, 'Nothing has happened yet.'));
      return;
    }
    const open = new Set([...this.element.querySelectorAll('details[open]')].map((each) => each.dataset.key));
    const past = this.instant ?? null;
    const current = past === null ? null : this.items.find((item) => Date.parse(item.at) <= past);
    replace(
      this.element,
      this.items.map((item) => {
        const line = this.line(item, open);
        line.classList.toggle('future', past !== null && Date.parse(item.at) > past);
        if (item === current) {
          line.setAttribute('aria-current', 'time');
        }
        return line;
      }),
    );
  }

  line(item, open) {
    const key = `${item.at} ${item.entity} ${item.id} ${item.text}`;
    const more = item.evidence?.length > 0 || item.before || item.after || item.by;
    return h(
      'li',
      { class: item.tone },
      h(
        'div',
        { class: 'what' },
        button(item.name, () => this.select(item.entity, item.id), { class: 'link' }),
        h('span', null, item.text),
        h('time', { datetime: item.at, title: time(item.at, true) }, clock(item.at)),
      ),
      item.cause ? h('p', null, item.cause) : null,
      more
        ? h(
            'details',
            { 'data-key': key, open: open.has(key) },
            h('summary', null, item.evidence?.length > 0 ? `Why: ${count(item.evidence.length, 'observation')}` : 'More'),
            item.by ? h('p', null, `by ${item.by}`) : null,
            evidence(item.evidence),
            item.before || item.after ? h('pre', { tabindex: 0 }, difference(item.before, item.after)) : null,
          )
        : null,
    );
  }
}

/** What differs of two states, field by field. */
function difference(before, after) {
  const lines = [];
  for (const name of new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])) {
    const was = JSON.stringify(before?.[name]);
    const is = JSON.stringify(after?.[name]);
    if (was !== is) {
      lines.push(`${name}: ${was ?? 'nothing'} -> ${is ?? 'nothing'}`);
    }
  }
  return lines.join('\n') || 'nothing differs';
}
