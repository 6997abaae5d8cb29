// What the fields of several tasks have in common: checks, choices, and how values are read.

import { lunName, parseBytes } from './words.js';

const MAX_LUN = 16383;

export const enc = encodeURIComponent;

export const checkSize = (text) =>
  Number.isNaN(parseBytes(text)) || parseBytes(text) <= 0 ? 'Say it as 10 GiB, 500 MiB or in bytes' : null;

export const checkLun = (text) =>
  /^\d{1,5}$/.test(text) && Number(text) <= MAX_LUN ? null : `A LUN is a whole number from 0 to ${MAX_LUN}`;

export const orNull = (value) => (value === '' || value.length === 0 ? null : value);

export function targetNames(picture) {
  return [...picture.targets.keys()].sort();
}

export function gatewayNames(picture) {
  return picture.gatewayList().map((gateway) => gateway.name);
}

/** The least LUN that a target has not mapped. */
export function nextLun(picture, target) {
  const used = new Set((picture.targets.get(target)?.luns ?? []).map(({ lun }) => lun));
  let lun = 0;
  while (used.has(lun)) {
    lun++;
  }
  return lun;
}

/** What people call a logical unit. */
export function nameOf(picture, unit) {
  return lunName(picture.rows().find((row) => row.id === unit.id) ?? { id: unit.id, target: null });
}

/** The fields that say where a unit is mapped. */
export function placeFields(picture, target) {
  const names = targetNames(picture);
  const chosen = target ?? names[0];
  return [
    { name: 'target', label: 'Target', options: names, value: chosen, required: true },
    { name: 'lun', label: 'LUN', type: 'number', required: true, check: checkLun, value: nextLun(picture, chosen), parse: Number },
  ];
}

/** The field that says which gateway is to own a unit. */
export function preferredField(picture) {
  return { name: 'preferred', label: 'Preferred owner', options: [['', 'none'], ...gatewayNames(picture)] };
}

/** A list of LUNs that an initiator sees, as people write it; null stands for all of them. */
export function maskText(luns) {
  if (luns === null) {
    return '';
  }
  return luns.length === 0
    ? 'none'
    : luns.map(({ lun, targetLun }) => ((targetLun ?? lun) === lun ? `${lun}` : `${lun}=${targetLun}`)).join(', ');
}

/** Reads such a text. */
export function parseMask(text) {
  if (text === '') {
    return null;
  }
  return words(text).map((word) => {
    const [lun, targetLun] = word.split('=').map(Number);
    return { lun, targetLun: targetLun ?? lun };
  });
}

function words(text) {
  return text === 'none' ? [] : text.split(/[\s,]+/).filter(Boolean);
}

/** What is wrong with such a text. */
export function checkMask(text) {
  const seen = [new Set(), new Set()];
  for (const word of words(text)) {
    const parts = word.split('=');
    if (parts.length > 2 || parts.some((part) => checkLun(part) !== null)) {
      return `${word} is no LUN: say 3, or 0=3 to show LUN 3 of the target as LUN 0`;
    }
    const numbers = [Number(parts[0]), Number(parts[1] ?? parts[0])];
    for (const side of [0, 1]) {
      if (seen[side].has(numbers[side])) {
        return side === 0 ? `LUN ${numbers[0]} is there twice` : `LUN ${numbers[1]} of the target is shown twice`;
      }
      seen[side].add(numbers[side]);
    }
  }
  return null;
}
