// How things are said: states, sizes, instants.

import { h, s } from './dom.js';

/**
 * The access states (SPC-4 section 5.15.2): the short form, the name, and whether a host gets
 * through by it. `gone` is no state of a path: there is none.
 */
export const STATES = {
  'active-optimized': { short: 'AO', name: 'active/optimized', tone: 'good' },
  'active-non-optimized': { short: 'ANO', name: 'active/non-optimized', tone: 'calm' },
  standby: { short: 'SBY', name: 'standby', tone: 'warn' },
  transitioning: { short: 'TRN', name: 'transitioning', tone: 'warn' },
  unavailable: { short: 'UNA', name: 'unavailable', tone: 'bad' },
  offline: { short: 'OFF', name: 'offline', tone: 'bad' },
};

/** What is known of a state; an unknown word stands for itself. */
export function stateOf(word) {
  return STATES[word] ?? { short: word.slice(0, 3).toUpperCase(), name: word, tone: 'warn' };
}

/** The shape by which a state is told without its colour. */
export function mark(word) {
  const shapes = {
    'active-optimized': () => s('circle', { cx: 8, cy: 8, r: 6 }),
    'active-non-optimized': () => s('circle', { cx: 8, cy: 8, r: 5, class: 'hollow' }),
    standby: () => s('path', { d: 'M3 3h10v10H3z', class: 'hollow' }),
    transitioning: () => s('path', { d: 'M8 1.5 14.5 8 8 14.5 1.5 8z', class: 'hollow' }),
    unavailable: () => s('path', { d: 'M3 3l10 10M13 3L3 13', class: 'stroke' }),
    offline: () => s('path', { d: 'M2.5 8h11', class: 'stroke' }),
  };
  const shape = shapes[word] ?? (() => s('path', { d: 'M8 2l6 11H2z', class: 'hollow' }));
  return s(
    'svg',
    { class: `mark state-${word}`, viewBox: '0 0 16 16', width: 12, height: 12, 'aria-hidden': 'true' },
    shape(),
  );
}

/** A state as a mark with its name. */
export function stateText(word) {
  return h('span', { class: 'with-mark' }, mark(word), stateOf(word).name);
}

/** A word in a frame, of the tone good, calm, warn or bad. */
export function chip(text, tone) {
  return h('span', { class: `chip ${tone}` }, text);
}

/** A gateway's condition in a word and a tone. */
export function condition(gateway) {
  if (gateway.state !== 'up') {
    return { word: gateway.state, tone: gateway.state === 'stopped' ? 'warn' : 'bad' };
  }
  if (gateway.service && gateway.service !== 'in-service') {
    return { word: gateway.service, tone: 'warn' };
  }
  return { word: 'up', tone: 'good' };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes for people. */
export function bytes(count) {
  if (count === null || count === undefined) {
    return '';
  }
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** Bytes of a text as `10 GiB`; NaN when it is none, or more than can be counted exactly here. */
export function parseBytes(text) {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(B|[KMGTP]i?B?)?\s*$/i.exec(text);
  if (!found) {
    return NaN;
  }
  const power = 'BKMGTP'.indexOf((found[2] ?? 'B')[0].toUpperCase());
  const count = Number(found[1]) * 1024 ** power;
  return Number.isSafeInteger(count) ? count : NaN;
}

/** An instant as a local date and time. */
export function time(instant, withMillis) {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const two = (number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const millis = withMillis ? `.${String(date.getMilliseconds()).padStart(3, '0')}` : '';
  return `${day} ${clock}${millis}`;
}

/** The time of day of an instant. */
export function clock(instant) {
  return time(instant).slice(11);
}

/** An element of an instant. */
export function timeElement(instant) {
  return h('time', { datetime: instant }, time(instant));
}

/** A count with its noun. */
export function count(number, one, many) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many ?? `${one}s`}`;
}

/** The end of an iSCSI name, which tells most of them apart. */
export function shortName(iqn) {
  const colon = iqn.indexOf(':');
  return colon >= 0 && colon < iqn.length - 1 ? iqn.slice(colon + 1) : iqn;
}

/** A LUN as people call it. */
export function lunName(row) {
  return row.target ? `${shortName(row.target)}/${row.lun}` : `unmapped ${row.id.slice(0, 8)}`;
}
