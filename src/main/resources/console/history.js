// Events of the journal, in words.

import { newsOfGateway, newsOfTarget, newsOfUnit } from './news.js';
import { shortName } from './words.js';

/**
 * An event of the journal as an item of the list, in the words of live changes where it has both
 * states.
 *
 * @param nameOf gives what a logical unit of an id is called
 */
export function newsOfEvent(event, nameOf) {
  const tell = { gateway: newsOfGateway, target: newsOfTarget, lun: newsOfUnit }[event.entity];
  const [told] =
    tell && event.after ? tell(event.before ? shown(event.before) : undefined, shown(event.after)) : [];
  const unit = event.entity === 'lun' ? (event.after?.id ?? event.before?.id ?? event.name) : null;
  return {
    tone: tone(event),
    ...told,
    entity: event.entity,
    id: unit ?? event.name,
    name: unit ? nameOf(unit) : shortName(event.name ?? ''),
    at: event.at,
    text: told?.text ?? words(event.type),
    cause: event.cause,
    evidence: event.evidence,
    by: [event.by?.user, event.by?.address, event.by?.gateway].filter(Boolean).join(', '),
    before: event.before,
    after: event.after,
  };
}

/** A state as the journal has it, in the words of the API where the two differ. */
function shown(state) {
  const word = (constant) => (typeof constant === 'string' ? constant.toLowerCase().replaceAll('_', '-') : constant);
  const own = state.ownership ?? {};
  return {
    ...state,
    owner: (state.ownership ? own.owner : state.owner) || null,
    epoch: own.epoch ?? state.epoch,
    phase: word(own.phase ?? state.phase),
    state: word(state.state),
    service: word(state.service?.duty ?? state.service),
    luns: Array.isArray(state.luns) || !state.luns ? (state.luns ?? []) : Object.keys(state.luns),
    access: word(state.access?.mode ?? state.access),
  };
}

function words(type) {
  return (type ?? '').replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
}

function tone(event) {
  const word = `${event.type} ${event.after?.state ?? ''}`.toLowerCase();
  return /fail|lost|unreachable|abandon/.test(word) ? 'bad' : /delet|remov|drain|stop/.test(word) ? 'warn' : 'calm';
}
