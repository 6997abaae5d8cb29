// The details of a target: what it maps, who may log in, and what these see.

import { maskText } from './entries.js';
import { facts, h } from './dom.js';
import { shortName } from './words.js';

/**
 * Title and body of a target's details.
 *
 * @param view makes buttons for tasks, and links
 */
export function targetDetails(view, target, initiators) {
  return {
    title: `Target ${shortName(target.name)}`,
    body: [
      h(
        'div',
        { class: 'actions' },
        view.action('createLun', 'Create LUN', { target: target.name, stores: view.stores }),
        view.action('allow', 'Allow initiator', target),
        view.action('access', target.access === 'open' ? 'Close to others' : 'Open to all', target),
        view.action('chap', target.chap ? 'Change CHAP' : 'Set CHAP', target),
        target.chap && view.action('clearChap', 'Clear CHAP', target, { danger: true }),
        view.action('mutualChap', target.mutualChap ? 'Change mutual CHAP' : 'Set mutual CHAP', target),
        target.mutualChap && view.action('clearMutualChap', 'Clear mutual CHAP', target, { danger: true }),
        view.action('explicitAlua', target.explicitAlua ? 'Withdraw explicit ALUA' : 'Offer explicit ALUA', target),
        view.action('deleteTarget', 'Delete', target, { danger: true, why: target.luns.length > 0 ? 'It has LUNs' : null }),
      ),
      facts([
        ['Name', h('span', { class: 'mono' }, target.name)],
        ['Gateways', target.everyGateway ? 'every one' : target.gateways.join(', ')],
        ['Access', target.access === 'open' ? 'open: whoever comes may log in' : 'listed: only initiators on its list'],
        ['CHAP', target.chap ? `as ${target.chap.user}` : 'none'],
        ['Mutual CHAP', target.mutualChap ? `as ${target.mutualChap.user}` : 'none'],
        ['Explicit ALUA', target.explicitAlua ? 'offered' : 'not offered'],
        ['LUNs', target.luns.map(({ lun, id }) => h('div', null, view.link('lun', id, `LUN ${lun}`)))],
      ]),
      initiators.length > 0 && [h('h3', null, 'Initiators'), h('ul', null, initiators.map((each) => line(view, target, each)))],
    ],
  };
}

function line(view, target, initiator) {
  const sees = initiator.luns === null ? 'every LUN' : initiator.luns.length === 0 ? 'no LUN' : `LUNs ${maskText(initiator.luns)}`;
  const about = { target, initiator };
  return h(
    'li',
    { class: 'actions' },
    h('span', null, `${initiator.initiator}: ${sees}`, initiator.chap ? `, CHAP as ${initiator.chap.user}` : '', initiator.remark ? `, ${initiator.remark}` : ''),
    view.action('initiator', 'Change', about, { of: initiator.initiator }),
    view.action('deny', 'Remove', about, { danger: true, of: initiator.initiator }),
  );
}
