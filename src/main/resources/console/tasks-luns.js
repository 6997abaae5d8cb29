// What can be done with logical units and their snapshots.

import { ApiError, get } from './api.js';
import { checkLun, checkSize, enc, gatewayNames, nameOf, orNull, placeFields, preferredField, targetNames } from './entries.js';
import { bytes, count, parseBytes, shortName } from './words.js';

const made = (answer) => `LUN ${shortName(answer.target ?? '')}/${answer.lun} of ${bytes(answer.size)} is there`;

const checkNaa = (text) =>
  /^(naa\.|0x)?([25][0-9a-f]{15}|6[0-9a-f]{31})$/i.test(text)
    ? null
    : '16 hexadecimal digits of which the first is 2 or 5, or 32 of which it is 6';

/** The sessions of targets that map a unit, and the gateways that may have more of them. */
async function sessionsOf(unit) {
  const targets = [...new Set((unit.mappings ?? []).map(({ target }) => target))];
  const answers = await Promise.all(targets.map((target) => get(`sessions?target=${enc(target)}`)));
  return {
    sessions: answers.flatMap(({ value }) => value.sessions),
    silent: [...new Set(answers.flatMap(({ value }) => value.silent))],
  };
}

/**
 * The request that takes a unit from its place, refused if another unit is there by then.
 *
 * @param place LUN and target, with a space between them
 */
async function unmapping(unit, place) {
  const [lun, target] = place.split(' ');
  const path = `targets/${enc(target)}`;
  const { value, etag } = await get(path);
  if (!value.luns.some((mapped) => mapped.lun === Number(lun) && mapped.id === unit.id)) {
    throw new ApiError(0, { field: 'place', detail: `It is not LUN ${lun} of ${shortName(target)} any more` });
  }
  return { method: 'DELETE', path: `${path}/luns/${lun}`, etag };
}

/** Tasks by name. */
export const LUN_TASKS = {
  createLun: (picture, about) => ({
    title: 'Create LUN',
    submit: 'Create',
    fields: [
      ...placeFields(picture, about?.target),
      { name: 'size', label: 'Size', required: true, check: checkSize, placeholder: '10 GiB', parse: parseBytes },
      { name: 'store', label: 'Store', options: [['', 'the default'], ...(about?.stores ?? [])] },
      { name: 'blockSize', label: 'Block size', options: [['512', '512 B'], ['4096', '4096 B']], parse: Number },
      { name: 'provisioning', label: 'Provisioning', options: [['thin', 'thin'], ['full', 'full: with space for every block']] },
      preferredField(picture),
    ],
    request: (v) => ({
      method: 'POST',
      path: 'luns',
      body: {
        target: v.target,
        lun: v.lun,
        size: v.size,
        store: orNull(v.store),
        blockSize: v.blockSize,
        provisioning: v.provisioning,
        preferred: v.preferred ? [v.preferred] : null,
      },
    }),
    done: made,
  }),

  adopt: (picture, { volume, store }) => ({
    title: `Make ${volume.name} a LUN`,
    intro: `A volume of ${volume.size === null ? 'a size that is not known' : bytes(volume.size)} that is in the store ${store} already. Its data stay as they are, and it is kept when the LUN is deleted. Nobody else may use it from then on.`,
    submit: 'Make it a LUN',
    fields: [
      ...placeFields(picture),
      { name: 'naa', label: 'NAA', check: checkNaa, placeholder: '6001405…', hint: 'By which hosts know it already; empty for a new one' },
      { name: 'serial', label: 'Serial number', hint: 'By which hosts know it already; empty for a new one' },
      volume.blockSize === null && { name: 'blockSize', label: 'Block size', options: [['512', '512 B'], ['4096', '4096 B']], parse: Number },
      preferredField(picture),
      { name: 'readOnly', label: 'Hosts may only read', type: 'flag' },
    ].filter(Boolean),
    request: (v) => ({
      method: 'POST',
      path: 'luns',
      body: {
        target: v.target,
        lun: v.lun,
        store,
        volume: volume.name,
        naa: orNull(v.naa.replace(/^(naa\.|0x)/i, '')),
        serial: orNull(v.serial),
        blockSize: v.blockSize ?? volume.blockSize,
        preferred: v.preferred ? [v.preferred] : null,
        readOnly: v.readOnly,
      },
    }),
    done: made,
  }),

  clone: (picture, { unit, snapshot }) => ({
    title: `Clone ${snapshot.name} of ${nameOf(picture, unit)}`,
    intro: `A LUN of ${bytes(snapshot.size)} that begins with what the snapshot has. It is another disk to hosts, and shares blocks with the snapshot until they are written; the snapshot can't be deleted before it.`,
    submit: 'Clone',
    fields: [...placeFields(picture, unit.mappings?.[0]?.target), preferredField(picture), { name: 'readOnly', label: 'Hosts may only read', type: 'flag' }],
    request: (v) => ({
      method: 'POST',
      path: 'luns',
      body: {
        target: v.target,
        lun: v.lun,
        source: { lun: unit.id, snapshot: snapshot.name },
        preferred: v.preferred ? [v.preferred] : null,
        readOnly: v.readOnly,
      },
    }),
    done: made,
  }),

  move: (picture, unit) => ({
    title: `Move ${nameOf(picture, unit)}`,
    intro: `Owned by ${unit.owner ?? 'nobody'}. Hosts are held until the next owner has opened its store.`,
    submit: 'Move',
    read: `luns/${enc(unit.id)}`,
    fields: [{ name: 'gateway', label: 'To gateway', options: gatewayNames(picture).filter((name) => name !== unit.owner), required: true }],
    request: (v) => ({ method: 'POST', path: `luns/${enc(unit.id)}/move`, body: { gateway: v.gateway } }),
    done: (answer, v) => `${nameOf(picture, unit)} moves to ${v.gateway}`,
  }),

  prefer: (picture, unit) => ({
    title: `Preferred owners of ${nameOf(picture, unit)}`,
    submit: 'Set',
    read: `luns/${enc(unit.id)}`,
    fields: [
      { name: 'gateways', label: 'In order of preference', value: unit.preferred?.join(', '), placeholder: gatewayNames(picture).join(', '), hint: 'Names with commas; empty for no preference' },
    ],
    request: (v) => ({
      method: 'PUT',
      path: `luns/${enc(unit.id)}/preferred`,
      body: { gateways: v.gateways.split(/[\s,]+/).filter(Boolean) },
    }),
    done: () => 'The order of preference is set',
  }),

  resize: (picture, unit) => ({
    title: `Resize ${nameOf(picture, unit)}`,
    intro: `It has ${bytes(unit.size)}. A LUN can only grow.`,
    submit: 'Resize',
    read: `luns/${enc(unit.id)}`,
    fields: [{ name: 'size', label: 'New size', required: true, check: checkSize, parse: parseBytes, placeholder: bytes(unit.size * 2) }],
    request: (v) => ({ method: 'POST', path: `luns/${enc(unit.id)}/resize`, body: { size: v.size } }),
    done: (answer, v) => `It has, or will have, ${bytes(v.size)}`,
  }),

  map: (picture, unit) => ({
    title: `Map ${nameOf(picture, unit)}`,
    submit: 'Map',
    fields: [
      { name: 'target', label: 'In target', options: targetNames(picture), required: true },
      { name: 'lun', label: 'As LUN', type: 'number', required: true, check: checkLun },
    ],
    request: (v) => ({ method: 'PUT', path: `targets/${enc(v.target)}/luns/${v.lun}`, body: { id: unit.id } }),
    done: (answer, v) => `Mapped as ${shortName(v.target)}/${v.lun}`,
  }),

  unmap: (picture, unit) => ({
    title: `Unmap ${nameOf(picture, unit)}`,
    warning: 'Hosts that use it through this target lose it. Its data stays.',
    submit: 'Unmap',
    danger: true,
    fields: [
      {
        name: 'place',
        label: 'From',
        options: (unit.mappings ?? []).map(({ target, lun }) => [`${lun} ${target}`, `${shortName(target)} LUN ${lun}`]),
        required: true,
      },
    ],
    confirm: nameOf(picture, unit),
    request: (v) => unmapping(unit, v.place),
    done: () => 'It is unmapped',
  }),

  readOnly: (picture, unit) => ({
    title: `Make ${nameOf(picture, unit)} ${unit.readOnly ? 'writable' : 'read-only'}`,
    intro: unit.readOnly ? 'Hosts may write again.' : 'Hosts are refused to write from then on.',
    submit: unit.readOnly ? 'Make writable' : 'Make read-only',
    read: `luns/${enc(unit.id)}`,
    request: () => ({ method: 'PUT', path: `luns/${enc(unit.id)}/read-only`, body: { readOnly: !unit.readOnly } }),
    done: () => (unit.readOnly ? 'Hosts may write' : 'Hosts may only read'),
  }),

  snapshot: (picture, unit) => ({
    title: `Snapshot of ${nameOf(picture, unit)}`,
    submit: 'Make snapshot',
    fields: [{ name: 'name', label: 'Name', required: true, hint: '1 to 64 letters, digits and . _ -' }],
    request: (v) => ({ method: 'POST', path: `luns/${enc(unit.id)}/snapshots`, body: { name: v.name } }),
    done: (answer, v) => `Snapshot ${v.name} is there`,
  }),

  rollback: (picture, { unit, snapshot }) => ({
    title: `Roll back to ${snapshot.name}`,
    warning: `Everything written to ${nameOf(picture, unit)} since ${snapshot.createdAt} is lost. Nobody is served until it is done, and it can't be taken back.`,
    submit: 'Roll back',
    danger: true,
    read: `luns/${enc(unit.id)}`,
    confirm: nameOf(picture, unit),
    request: () => ({
      method: 'POST',
      path: `luns/${enc(unit.id)}/snapshots/${enc(snapshot.name)}/rollback`,
      body: { confirm: true },
    }),
    done: () => 'It is rolled back',
  }),

  deleteSnapshot: (picture, { unit, snapshot }) => ({
    title: `Delete snapshot ${snapshot.name}`,
    warning: `The state of ${nameOf(picture, unit)} at ${snapshot.createdAt} is lost.`,
    submit: 'Delete',
    danger: true,
    confirm: snapshot.name,
    request: () => ({ method: 'DELETE', path: `luns/${enc(unit.id)}/snapshots/${enc(snapshot.name)}` }),
    done: () => `Snapshot ${snapshot.name} is deleted`,
  }),

  deleteLun: async (picture, unit) => {
    const { sessions, silent } = await sessionsOf(unit);
    const used = sessions.length > 0 || silent.length > 0;
    return {
      title: `Delete ${nameOf(picture, unit)}`,
      warning: unit.imported
        ? 'Hosts lose it. Its volume was there before it and is kept.'
        : `Its ${bytes(unit.size)} of data are deleted, and can't be brought back.`,
      listing: used && {
        title: sessions.length > 0 ? `${count(sessions.length, 'session is', 'sessions are')} logged in to a target that maps it` : 'Sessions may be logged in',
        items: [
          ...sessions.map((each) => `${each.initiator} through ${each.gateway}, from ${each.peer}`),
          ...silent.map((name) => `${name} does not tell its sessions`),
        ],
      },
      submit: used ? 'Delete by force' : 'Delete',
      danger: true,
      read: `luns/${enc(unit.id)}`,
      fields: used ? [{ name: 'force', label: 'Delete it all the same: these hosts lose it while they use it', type: 'flag', required: true }] : [],
      confirm: nameOf(picture, unit),
      request: (v) => ({ method: 'DELETE', path: `luns/${enc(unit.id)}${v.force ? '?force=true' : ''}` }),
      done: () => `${nameOf(picture, unit)} is deleted`,
    };
  },
};
