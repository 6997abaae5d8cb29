// The slider of time: what was, on the same map.

import { ApiError, get, ifThere } from './api.js';
import { button, h, replace, s } from './dom.js';
import { newsOfEvent } from './history.js';
import { Picture } from './picture.js';
import { count, time } from './words.js';

const RANGES = [
  ['900', 'last 15 minutes'],
  ['3600', 'last hour'],
  ['21600', 'last 6 hours'],
  ['86400', 'last day'],
  ['604800', 'last week'],
  ['custom', 'from, to'],
];
const STEPS = 1000;
const PAGES = 5;
const PAGE = 1000;
const PLAY_MS = 1200;
const SETTLE_MS = 120;
const REFRESH_MS = 5_000;

/** By which an event may be later on record than the change was told, or a clock be another. */
const LAG_MS = 10_000;

/** The pictures of instants, so that going back and forth asks once. */
const KEPT = 40;

export class Timeline extends EventTarget {
  /**
   * @param element where it is drawn
   */
  constructor(element) {
    super();
    this.element = element;
    /** Instants in milliseconds and tones, in the order of their instants. */
    this.events = [];
    this.at = null;
    this.loaded = 0;
    this.kept = new Map();
    this.build();
    this.setSpan(900);
    setInterval(() => this.at === null && this.span && !document.hidden && this.setSpan(this.span), REFRESH_MS);
  }

  build() {
    const icon = (d) => s('svg', { viewBox: '0 0 16 16', width: 14, height: 14, 'aria-hidden': 'true' }, s('path', { d, fill: 'currentColor' }));
    const tool = (label, d, action) => h('button', { type: 'button', onclick: action, 'aria-label': label, title: label }, icon(d));
    this.liveButton = button('Live', () => this.live(), { title: 'Back to now (L)' });
    this.playButton = tool('Play the events', 'M4 2.5v11l9-5.5z', () => this.toggle());
    this.buttons = [
      tool('Event before', 'M3 3h2v10H3zM13 3v10L6 8z', () => this.step(-1)),
      this.playButton,
      tool('Event after', 'M11 3h2v10h-2zM3 3v10l7-5z', () => this.step(1)),
    ];
    this.ranges = h(
      'select',
      { 'aria-label': 'Range of time', onchange: () => this.choose() },
      RANGES.map(([value, text]) => h('option', { value }, text)),
    );
    const field = (label) =>
      h('input', { type: 'datetime-local', step: 1, 'aria-label': label, onchange: () => this.custom() });
    this.fromField = field('From');
    this.toField = field('To');
    this.fields = h('span', { hidden: true }, this.fromField, ' ', this.toField);
    this.ticks = s('svg', { viewBox: '0 0 1000 18', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    this.slider = h('input', {
      type: 'range',
      min: 0,
      max: STEPS,
      step: 1,
      value: STEPS,
      'aria-label': 'Instant that is shown',
      oninput: () => this.slid(),
      onkeydown: (event) => this.key(event),
    });
    this.output = h('output', { 'aria-live': 'off' });
    this.note = h('span', { class: 'muted' });
    replace(
      this.element,
      this.liveButton,
      h('div', { class: 'buttons', role: 'group', 'aria-label': 'Replay' }, this.buttons),
      this.ranges,
      this.fields,
      h('div', { class: 'track' }, this.ticks, this.slider),
      this.output,
      this.note,
    );
  }

  choose() {
    const custom = this.ranges.value === 'custom';
    this.fields.hidden = !custom;
    if (custom) {
      this.span = null;
      const local = (at) => time(at).replace(' ', 'T');
      this.fromField.value = local(this.from);
      this.toField.value = local(this.to);
    } else {
      this.setSpan(Number(this.ranges.value));
      this.load();
    }
  }

  custom() {
    const from = new Date(this.fromField.value).getTime();
    const to = new Date(this.toField.value).getTime();
    if (from < to) {
      this.setRange(from, Math.min(to, Date.now()));
      this.load();
      this.note.textContent = '';
    } else {
      this.note.textContent = 'The range must end after it begins.';
    }
  }

  setSpan(seconds) {
    this.span = seconds;
    this.setRange(Date.now() - seconds * 1000, Date.now());
  }

  setRange(from, to) {
    this.from = from;
    this.to = to;
    this.put(this.events);
    this.draw();
  }

  /** Keeps those events that are in the range, which has no end while it moves along with now. */
  put(events) {
    this.events = events
      .filter(({ at }) => at >= this.from && (this.span !== null || at <= this.to))
      .sort((a, b) => a.at - b.at);
  }

  /** Asks for the events of the range, the latest first: what there is no room for is the oldest. */
  async load() {
    const asked = (this.asked = {});
    const settled = this.to - LAG_MS;
    this.loaded = Date.now();
    const events = [];
    let cursor = '';
    let pages = 0;
    try {
      do {
        const path = `events?from=${iso(this.from)}&to=${iso(this.to)}&order=desc&limit=${PAGE}${cursor}`;
        const answer = await ifThere(get(path));
        if (asked !== this.asked) {
          return;
        }
        if (answer === null) {
          this.absent = true;
          break;
        }
        this.absent = false;
        events.push(...answer.value.items);
        cursor = answer.value.next ? `&cursor=${encodeURIComponent(answer.value.next)}` : null;
      } while (cursor && ++pages < PAGES);
      this.more = Boolean(cursor);
      // They come in the order in which they were written, which need not be that of their instants.
      events.sort((a, b) => after(a.at) - after(b.at));
      const found = events.map((event) => ({ at: after(event.at), tone: newsOfEvent(event, (id) => id).tone }));
      const instants = new Set(found.map(({ at }) => at));
      // What was seen live and may not have been on record yet stays.
      const since = this.events.filter(({ at, live }) => live && at > settled && !instants.has(at));
      this.put(found.concat(since));
      this.tell();
      this.dispatchEvent(new CustomEvent('events', { detail: events }));
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this.note.textContent = error.message;
    }
    this.draw();
  }

  /** Something has happened just now. */
  add(items) {
    this.put(this.events.concat(items.map((item) => ({ at: after(item.at), tone: item.tone, live: true }))));
    this.tell();
    this.draw();
  }

  tell() {
    const events = `${count(this.events.length, 'event')}${this.more ? ', and older ones: choose a shorter range' : ''}`;
    this.note.textContent = this.absent ? 'This gateway tells no history.' : events;
  }

  draw() {
    const now = this.at === null;
    const shown = now ? this.to : this.at;
    const width = this.to - this.from;
    this.slider.value = Math.round(((shown - this.from) / width) * STEPS);
    const text = now ? 'now' : time(shown, true);
    this.slider.setAttribute('aria-valuetext', text);
    this.output.textContent = now ? `Now, since ${time(this.from).slice(11, 16)}` : text;
    this.liveButton.disabled = now;
    this.slider.disabled = this.absent === true;
    this.buttons.forEach((each) => {
      each.disabled = this.events.length === 0 || this.absent === true;
    });
    const ticks = [];
    let last = -10;
    for (const event of this.events) {
      const x = ((event.at - this.from) / width) * 1000;
      const bad = event.tone === 'bad';
      if (x >= 0 && x <= 1000 && (x - last > 1 || bad)) {
        last = x;
        ticks.push(s('path', { class: `tick ${event.tone ?? ''}`, d: `M${x.toFixed(1)} ${bad ? 0 : 5}V18`, 'vector-effect': 'non-scaling-stroke' }));
      }
    }
    replace(this.ticks, ticks);
  }

  slid() {
    const step = Number(this.slider.value);
    this.stopPlaying();
    if (step >= STEPS && this.span) {
      this.live();
    } else {
      this.go(this.from + ((this.to - this.from) * step) / STEPS);
    }
  }

  /** With Ctrl or by page the arrow keys go from event to event. */
  key(event) {
    const moves = { PageUp: 1, PageDown: -1 };
    if (event.ctrlKey && ['ArrowLeft', 'ArrowRight'].includes(event.key)) {
      event.preventDefault();
      this.step(event.key === 'ArrowLeft' ? -1 : 1);
    } else if (moves[event.key]) {
      event.preventDefault();
      this.step(moves[event.key]);
    }
  }

  /** To the instant of the next event, or of the one before; the picture is that after it. */
  step(direction) {
    const shown = this.at ?? Infinity;
    const next = direction > 0 ? this.events.find(({ at }) => at > shown) : this.events.findLast(({ at }) => at < shown);
    if (next === undefined) {
      if (direction > 0 && this.span) {
        this.live();
      }
      return false;
    }
    this.go(next.at);
    return true;
  }

  toggle() {
    if (this.playing) {
      this.stopPlaying();
      return;
    }
    if (this.at === null && this.events.length > 0) {
      this.go(this.from);
    }
    this.playButton.setAttribute('aria-pressed', 'true');
    this.playing = setInterval(() => {
      if (!this.loading && (!this.step(1) || this.at === null)) {
        this.stopPlaying();
      }
    }, PLAY_MS);
  }

  stopPlaying() {
    clearInterval(this.playing);
    this.playing = null;
    this.playButton.removeAttribute('aria-pressed');
  }

  /** Shows the instant, in milliseconds since 1970. */
  go(at) {
    if (this.at === null && this.span) {
      // What has happened since the range was last moved is in it.
      this.setSpan(this.span);
      if (Date.now() - this.loaded > LAG_MS) {
        // Not everything that is on record is told as it happens.
        this.load();
      }
    }
    this.at = Math.round(at);
    this.loading = true;
    this.draw();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.show(), SETTLE_MS);
  }

  async show() {
    const at = this.at;
    if (at === null) {
      return;
    }
    try {
      const picture = await this.pictureAt(at);
      if (this.at === at) {
        this.dispatchEvent(new CustomEvent('past', { detail: picture }));
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (this.at === at) {
        this.dispatchEvent(new CustomEvent('fault', { detail: error.status === 404 ? 'This gateway tells no history.' : error.message }));
        this.live();
      }
    } finally {
      if (this.at === at) {
        this.loading = false;
      }
    }
  }

  async pictureAt(at) {
    const kept = this.kept.get(at);
    if (kept) {
      return kept;
    }
    const { value } = await get(`view?at=${iso(at)}`);
    const picture = new Picture(value);
    picture.at = at;
    if (at < Date.now() - LAG_MS) {
      // Of an instant that has just passed more may come on record.
      this.kept.set(at, picture);
      if (this.kept.size > KEPT) {
        this.kept.delete(this.kept.keys().next().value);
      }
    }
    return picture;
  }

  /** Back to now. */
  live() {
    this.stopPlaying();
    clearTimeout(this.settling);
    const was = this.at !== null;
    this.at = null;
    this.loading = false;
    if (this.span) {
      this.setSpan(this.span);
    }
    this.draw();
    if (was) {
      this.dispatchEvent(new Event('live'));
    }
  }
}

/** The first millisecond at which an instant is over: instants are told in parts of milliseconds. */
function after(instant) {
  return Date.parse(instant) + (/\.\d{3}\d*[1-9]/.test(instant) ? 1 : 0);
}

function iso(at) {
  return encodeURIComponent(new Date(at).toISOString());
}
