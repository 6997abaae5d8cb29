// What can be done with targets, and with who may log in to them.

import { checkMask, enc, gatewayNames, maskText, orNull, parseMask } from './entries.js';
import { shortName } from './words.js';

const SECRET_HINT = '12 to 255 bytes, of which most hosts take 16 at most; never shown again';
const ALGORITHMS = 'The initiator chooses the algorithm among those that the gateways allow (moongate.iscsi.chap.algorithms).';

/** The fields that say what is on the list about an initiator. */
function initiatorFields(initiator) {
  return [
    {
      name: 'luns',
      label: 'LUNs that it sees',
      value: initiator ? maskText(initiator.luns) : '',
      check: checkMask,
      parse: parseMask,
      placeholder: '0, 1, 2=5',
      hint: 'With commas; 2=5 shows LUN 5 of the target as LUN 2. Empty: every LUN under its own number; none: no LUN',
    },
    { name: 'chap.user', label: 'CHAP user', value: initiator?.chap?.user, hint: 'Empty: by the credentials of the target, if it has any' },
    {
      name: 'chap.secret',
      label: 'CHAP secret',
      type: 'secret',
      hint: initiator?.chap ? `Empty: as it is. ${SECRET_HINT}` : SECRET_HINT,
      check: (secret, of) => (of('chap.user') === '' ? 'A secret needs the CHAP user that it belongs to' : null),
    },
    { name: 'remark', label: 'Remark', value: initiator?.remark },
  ];
}

function putInitiator(target, name, v) {
  return {
    method: 'PUT',
    path: `targets/${enc(target.name)}/initiators/${enc(name)}`,
    body: {
      chap: v['chap.user'] ? { user: v['chap.user'], secret: orNull(v['chap.secret']) } : null,
      luns: v.luns === '' ? null : v.luns,
      remark: orNull(v.remark),
    },
  };
}

/** The fields of credentials: of those that are set the secret may stay. */
function chapFields(chap) {
  return [
    { name: 'user', label: 'User', required: true, value: chap?.user },
    { name: 'secret', label: 'Secret', type: 'secret', required: !chap, hint: chap ? `Empty: as it is. ${SECRET_HINT}` : SECRET_HINT },
  ];
}

function setChap(target, what, v) {
  return { method: 'PUT', path: `targets/${enc(target.name)}/${what}`, body: { user: v.user, secret: orNull(v.secret) } };
}

/** Tasks by name. */
export const TARGET_TASKS = {
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

  allow: (picture, target) => ({
    title: `Allow an initiator at ${shortName(target.name)}`,
    submit: 'Allow',
    read: `targets/${enc(target.name)}`,
    fields: [
      { name: 'initiator', label: 'Initiator', required: true, placeholder: 'iqn.1993-08.org.debian:01:host1' },
      ...initiatorFields(null),
    ],
    request: (v) => putInitiator(target, v.initiator, v),
    done: (answer, v) => `${shortName(v.initiator)} is on the list`,
  }),

  initiator: (picture, { target, initiator }) => ({
    title: `${shortName(initiator.initiator)} at ${shortName(target.name)}`,
    intro: 'LUNs that it sees no more are gone for it at once, also while it uses them.',
    submit: 'Change',
    read: `targets/${enc(target.name)}`,
    fields: initiatorFields(initiator),
    request: (v) => putInitiator(target, initiator.initiator, v),
    done: () => `${shortName(initiator.initiator)} is changed`,
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
    intro: `Required of initiators without credentials of their own. ${ALGORITHMS}`,
    submit: 'Set',
    read: `targets/${enc(target.name)}`,
    fields: chapFields(target.chap),
    request: (v) => setChap(target, 'chap', v),
    done: () => 'CHAP is set',
  }),

  clearChap: (picture, target) => ({
    title: `Require CHAP of ${shortName(target.name)} no more`,
    warning: 'Initiators without credentials of their own log in without a secret from then on.',
    submit: 'Require it no more',
    danger: true,
    read: `targets/${enc(target.name)}`,
    confirm: shortName(target.name),
    request: () => ({ method: 'DELETE', path: `targets/${enc(target.name)}/chap` }),
    done: () => 'CHAP is required no more',
  }),

  mutualChap: (picture, target) => ({
    title: `Mutual CHAP of ${shortName(target.name)}`,
    intro: `By these the target proves to initiators that ask for it who it is. Use another secret than theirs. ${ALGORITHMS}`,
    submit: 'Set',
    read: `targets/${enc(target.name)}`,
    fields: chapFields(target.mutualChap),
    request: (v) => setChap(target, 'mutual-chap', v),
    done: () => 'Mutual CHAP is set',
  }),

  clearMutualChap: (picture, target) => ({
    title: `Take mutual CHAP of ${shortName(target.name)} away`,
    warning: 'Initiators that ask the target who it is can log in no more.',
    submit: 'Take it away',
    danger: true,
    read: `targets/${enc(target.name)}`,
    confirm: shortName(target.name),
    request: () => ({ method: 'DELETE', path: `targets/${enc(target.name)}/mutual-chap` }),
    done: () => 'Mutual CHAP is taken away',
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
};
