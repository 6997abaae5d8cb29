// Which role each task needs, as the API's document has it (x-required-role of the operation).

const RANKS = ['viewer', 'operator', 'admin'];

/** Tasks with the operation of the API that they ask for, and the least role for it. */
export const NEEDS = {
  createTarget: { operation: 'createTarget', role: 'operator' },
  createLun: { operation: 'createLun', role: 'operator' },
  adopt: { operation: 'createLun', role: 'operator' },
  clone: { operation: 'createLun', role: 'operator' },
  move: { operation: 'moveLun', role: 'operator' },
  prefer: { operation: 'setPreferred', role: 'operator' },
  resize: { operation: 'resizeLun', role: 'operator' },
  map: { operation: 'mapLun', role: 'operator' },
  unmap: { operation: 'unmapLun', role: 'operator' },
  readOnly: { operation: 'setReadOnly', role: 'operator' },
  deleteLun: { operation: 'deleteLun', role: 'admin' },
  snapshot: { operation: 'makeSnapshot', role: 'operator' },
  rollback: { operation: 'rollBackLun', role: 'admin' },
  deleteSnapshot: { operation: 'deleteSnapshot', role: 'admin' },
  deleteTarget: { operation: 'deleteTarget', role: 'admin' },
  explicitAlua: { operation: 'setExplicitAlua', role: 'operator' },
  access: { operation: 'setAccess', role: 'operator' },
  allow: { operation: 'allowInitiator', role: 'operator' },
  initiator: { operation: 'allowInitiator', role: 'operator' },
  deny: { operation: 'removeInitiator', role: 'operator' },
  chap: { operation: 'setChap', role: 'operator' },
  clearChap: { operation: 'clearChap', role: 'operator' },
  mutualChap: { operation: 'setMutualChap', role: 'operator' },
  clearMutualChap: { operation: 'clearMutualChap', role: 'operator' },
  drain: { operation: 'drainGateway', role: 'operator' },
  undrain: { operation: 'undrainGateway', role: 'operator' },
  removeGateway: { operation: 'removeGateway', role: 'admin' },
  closeSession: { operation: 'closeSession', role: 'operator' },
  cancel: { operation: 'cancelOperation', role: 'operator' },
};

/**
 * Why a role may not do a task; null when it may.
 *
 * @param role of the user; null or unknown: the gateway decides
 */
export function denied(task, role) {
  const needed = NEEDS[task].role;
  return !RANKS.includes(role) || RANKS.indexOf(role) >= RANKS.indexOf(needed) ? null : `Needs the role ${needed}`;
}
