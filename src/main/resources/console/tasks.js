// What can be done from here: each task is a form and the request that it sends.

import { ask } from './forms.js';
import { bytes, lunName, parseBytes, shortName } from './words.js';

const enc = encodeURIComponent;
const MAX_LUN = 16383;

const checkSize = (text) =>
  Number.isNaN(parseBytes(text)) || parseBytes(text) <= 0 ? 'Say it as 10 GiB, 500 MiB or in bytes' : null;
const checkLun = (text) =>
  /^\d{1,5}$/.test(text) && Number(text) <= MAX_LUN ? null : `A LUN is a whole number from 0 to ${MAX_LUN}`;
const orNull = (value) => (value === '' || value.length === 0 ? null : value);

function targetNames(picture) {
  return [...picture.targets.keys()].sort();
}

function nextLun(picture, target) {
  const used = new Set((picture.targets.get(target)?.luns ?? []).map(({ lun }) => lun));
  let lun = 0;
  while (used.has(lun)) {
    lun++;
  }
  return lun;
}

function nameOf(picture, unit) {
  return lunName(picture.rows().find((row) => row.id === unit.id) ?? { id: unit.id, target: null });
}

const gatewayNames = (picture) => picture.gatewayList().map((gateway) => gateway.name);

/** Tasks by name: each makes the form for what it is about. */
const TASKS = {
  createTarget: (picture) => ({
    title: 'Create target',
    submit: 'Create',
    fields: [
      { name: 'name', label: 'iSCSI name', required: true, placeholder: 'iqn.2026-11.com.example:disks', hint: 'iqn., eui. or naa. (RFC 7143)' },
      { name: 'gateways', label: 'Gateways that export it', type: 'choices', options: gatewayNames(picture), hint: 'None chosen: every gateway, those that join later included' },
      { name: 'explicitAlua', label: 'Hosts may choose the owner (explicit ALUA)', type: 'flag' },
    ],
    request: (v) => ({ method: 'POST', path: 'targets', body: { name: v.name, gateways: orNull(v.gateways), explicitAlua: v.explicitAlua } }),
    done: (answer) => `Target ${shortName(answer.name)} is there`,
  }),

  createLun: (picture, about) => ({
    title: 'Create LUN',
    submit: 'Create',
    fields: [
      { name: 'target', label: 'Target', options: targetNames(picture), value: about?.target, required: true },
      { name: 'lun', label: 'LUN', type: 'number', required: true, check: checkLun, value: nextLun(picture, about?.target ?? targetNames(picture)[0]), parse: Number },
      { name: 'size', label: 'Size', required: true, check: checkSize, placeholder: '10 GiB', parse: parseBytes },
      { name: 'store', label: 'Store', options: [['', 'the default'], ...(about?.stores ?? [])] },
      { name: 'blockSize', label: 'Block size', options: [['512', '512 B'], ['4096', '4096 B']], parse: Number },
      { name: 'provisioning', label: 'Provisioning', options: [['thin', 'thin'], ['full', 'full: with space for every block']] },
      { name: 'preferred', label: 'Preferred owner', options: [['', 'none'], ...gatewayNames(picture)] },
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
    done: (answer) => `LUN ${shortName(answer.target ?? '')}/${answer.lun} of ${bytes(answer.size)} is there`,
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
        options: (unit.mappings ?? []).map(({ target, lun }) => [`${enc(target)}/luns/${lun}`, `${shortName(target)} LUN ${lun}`]),
        required: true,
      },
    ],
    confirm: nameOf(picture, unit),
    request: (v) => ({ method: 'DELETE', path: `targets/${v.place}` }),
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

  deleteLun: (picture, unit) => ({
    title: `Delete ${nameOf(picture, unit)}`,
    warning: unit.imported
      ? 'Hosts lose it. Its volume was there before it and is kept.'
      : `Its ${bytes(unit.size)} of data are deleted, and can't be brought back.`,
    submit: 'Delete',
    danger: true,
    read: `luns/${enc(unit.id)}`,
    confirm: nameOf(picture, unit),
    request: () => ({ method: 'DELETE', path: `luns/${enc(unit.id)}` }),
    done: () => `${nameOf(picture, unit)} is deleted`,
  }),

  deleteTarget: (picture, target) => ({
    title: `Delete target ${shortName(target.name)}`,
    warning: 'Hosts can log in to it no more. A target with LUNs or sessions is refused.',
    submit: 'Delete',
    danger: true,
    read: `targets/${enc(target.name)}`,
    confirm: target.name,
    request: () => ({ method: 'DELETE', path: `targets/${enc(target.name)}` }),
    done: () => `Target ${shortName(target.name)} is deleted`,
  }),

  drain: (picture, gateway) => ({
    title: `Drain ${gateway.name}`,
    intro: `The ${picture.ownedBy(gateway.name)} LUNs that it owns are moved away, and nothing is placed on it until it is put into service again. Hosts keep their paths.`,
    submit: 'Drain',
    read: `gateways/${enc(gateway.name)}`,
    fields: [{ name: 'cause', label: 'Why', hint: 'For the record; may be empty' }],
    request: (v) => ({ method: 'POST', path: `gateways/${enc(gateway.name)}/drain`, body: { cause: orNull(v.cause) } }),
    done: () => `${gateway.name} is being drained`,
  }),

  undrain: (picture, gateway) => ({
    title: `Put ${gateway.name} into service`,
    submit: 'Put into service',
    read: `gateways/${enc(gateway.name)}`,
    fields: [{ name: 'cause', label: 'Why', hint: 'For the record; may be empty' }],
    request: (v) => ({ method: 'POST', path: `gateways/${enc(gateway.name)}/undrain`, body: { cause: orNull(v.cause) } }),
    done: () => `${gateway.name} is in service`,
  }),

  removeGateway: (picture, gateway) => ({
    title: `Remove ${gateway.name} for good`,
    warning: 'It is for a gateway that never comes back: its paths disappear from what hosts are told. One that runs is refused.',
    submit: 'Remove',
    danger: true,
    read: `gateways/${enc(gateway.name)}`,
    confirm: gateway.name,
    request: () => ({ method: 'DELETE', path: `gateways/${enc(gateway.name)}` }),
    done: () => `${gateway.name} is removed`,
  }),

  allow: (picture, target) => ({
    title: `Allow an initiator at ${shortName(target.name)}`,
    submit: 'Allow',
    read: `targets/${enc(target.name)}`,
    fields: [
      { name: 'initiator', label: 'Initiator', required: true, placeholder: 'iqn.1993-08.org.debian:01:host1' },
      { name: 'chap.user', label: 'CHAP user', hint: 'Empty: by the credentials of the target, if it has any' },
      { name: 'chap.secret', label: 'CHAP secret', type: 'secret', hint: '12 to 16 bytes for most hosts; never shown again' },
      { name: 'remark', label: 'Remark' },
    ],
    request: (v) => ({
      method: 'PUT',
      path: `targets/${enc(target.name)}/initiators/${enc(v.initiator)}`,
      body: {
        chap: v['chap.user'] ? { user: v['chap.user'], secret: orNull(v['chap.secret']) } : null,
        luns: null,
        remark: orNull(v.remark),
      },
    }),
    done: (answer, v) => `${shortName(v.initiator)} is on the list`,
  }),

  deny: (picture, { target, initiator }) => ({
    title: `Remove ${shortName(initiator.initiator)} from the list`,
    warning: `It can log in to ${shortName(target.name)} no more where access is listed.`,
    submit: 'Remove',
    danger: true,
    confirm: initiator.initiator,
    request: () => ({ method: 'DELETE', path: `targets/${enc(target.name)}/initiators/${enc(initiator.initiator)}` }),
    done: () => `${shortName(initiator.initiator)} is removed`,
  }),

  access: (picture, target) => {
    const opens = target.access !== 'open';
    return {
      title: opens ? `Open ${shortName(target.name)} to all` : `Close ${shortName(target.name)} to others`,
      warning: opens ? 'Whoever reaches a portal may log in.' : `Only the ${target.initiators} initiators on its list may log in from then on.`,
      submit: opens ? 'Open' : 'Close to others',
      danger: true,
      read: `targets/${enc(target.name)}`,
      confirm: shortName(target.name),
      request: () => ({ method: 'PUT', path: `targets/${enc(target.name)}/access`, body: { access: opens ? 'open' : 'listed' } }),
      done: () => `Access is ${opens ? 'open' : 'listed'}`,
    };
  },

  chap: (picture, target) => ({
    title: `CHAP of ${shortName(target.name)}`,
    intro: 'Required of initiators without credentials of their own.',
    submit: 'Set',
    read: `targets/${enc(target.name)}`,
    fields: [
      { name: 'user', label: 'User', required: true, value: target.chap?.user },
      { name: 'secret', label: 'Secret', type: 'secret', required: true, hint: '12 to 16 bytes for most hosts; never shown again' },
    ],
    request: (v) => ({ method: 'PUT', path: `targets/${enc(target.name)}/chap`, body: { user: v.user, secret: v.secret } }),
    done: () => 'CHAP is set',
  }),

  explicitAlua: (picture, target) => ({
    title: `${target.explicitAlua ? 'Withdraw' : 'Offer'} explicit ALUA`,
    intro: target.explicitAlua
      ? 'Hosts can choose the owner of a LUN no more.'
      : 'Hosts may choose the owner of a LUN by SET TARGET PORT GROUPS.',
    submit: target.explicitAlua ? 'Withdraw' : 'Offer',
    read: `targets/${enc(target.name)}`,
    request: () => ({
      method: 'PUT',
      path: `targets/${enc(target.name)}/explicit-alua`,
      body: { explicitAlua: !target.explicitAlua },
    }),
    done: () => 'Explicit ALUA is set',
  }),

  closeSession: (picture, session) => ({
    title: 'Close session',
    warning: `${session.initiator} loses its session with ${session.gateway}, and logs in again if it can.`,
    submit: 'Close session',
    danger: true,
    confirm: shortName(session.initiator),
    request: () => ({ method: 'DELETE', path: `sessions/${enc(session.id)}` }),
    done: () => 'The session is closed',
  }),

  cancel: (picture, operation) => ({
    title: `Cancel ${operation.kind}`,
    intro: `${operation.id}, since ${operation.since}: ${operation.cause}`,
    submit: 'Cancel it',
    request: () => ({ method: 'DELETE', path: `operations/${enc(operation.id)}` }),
    done: () => 'It is cancelled',
  }),
};

/** Does a task: asks, sends, and says what came of it; null when it was given up. */
export function perform(name, picture, about) {
  return ask(TASKS[name](picture, about));
}
