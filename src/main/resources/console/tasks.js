// What can be done from here: each task is a form and the request that it sends.

import { ask } from './forms.js';
import { enc, orNull } from './entries.js';
import { LUN_TASKS } from './tasks-luns.js';
import { TARGET_TASKS } from './tasks-targets.js';
import { shortName } from './words.js';

/** Tasks by name: each makes the form for what it is about. */
export const TASKS = {
  ...TARGET_TASKS,
  ...LUN_TASKS,

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
    warning: `You say by this that its process has ended and never comes back: others take over what it owned, and its paths disappear from what hosts are told. Of one that still writes, data are lost. Where anything is seen of it this is refused.`,
    submit: 'Remove',
    danger: true,
    read: `gateways/${enc(gateway.name)}`,
    confirm: gateway.name,
    request: () => ({ method: 'DELETE', path: `gateways/${enc(gateway.name)}` }),
    done: () => `${gateway.name} is removed`,
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
export async function perform(name, picture, about) {
  return ask(await TASKS[name](picture, about));
}
