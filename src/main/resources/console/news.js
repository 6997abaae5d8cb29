// What has changed, in words.

import { bytes, lunName, shortName } from './words.js';

function item(entity, id, name, at, text, more) {
  return { entity, id, name, at: at ?? new Date().toISOString(), text, tone: 'calm', ...more };
}

/** What a gateway's change is; before is undefined for a new one, now is null for a removed one. */
export function newsOfGateway(before, now) {
  if (!now) {
    return before ? [item('gateway', before.name, before.name, null, 'removed', { tone: 'warn' })] : [];
  }
  const say = (text, more) => [item('gateway', now.name, now.name, now.since, text, { cause: now.cause, ...more })];
  if (!before) {
    return say('registered');
  }
  if (before.state !== now.state) {
    const tones = { up: 'good', failed: 'bad', stopped: 'warn' };
    const words = { up: 'is up', failed: 'has failed', stopped: 'has stopped' };
    return say(`${words[now.state] ?? `is ${now.state}`}, was ${before.state}`, {
      tone: tones[now.state] ?? 'warn',
      evidence: now.observations,
    });
  }
  if (before.incarnation !== now.incarnation) {
    return say('is up as a new process', { tone: 'good' });
  }
  if (before.service !== now.service) {
    return say(now.service === 'in-service' ? 'is in service again' : `is ${now.service}`, {
      at: new Date().toISOString(),
      cause: now.serviceCause,
      tone: now.service === 'in-service' ? 'good' : 'warn',
    });
  }
  return [];
}

/** What a target's change is. */
export function newsOfTarget(before, now) {
  if (!now) {
    return before ? [item('target', before.name, shortName(before.name), null, 'deleted', { tone: 'warn' })] : [];
  }
  // Its instant is that of its creation.
  const say = (text, at) => [item('target', now.name, shortName(now.name), at, text)];
  if (!before) {
    return say('created', now.since);
  }
  if (before.luns.length !== now.luns.length) {
    return say(`maps ${now.luns.length} LUNs, mapped ${before.luns.length}`);
  }
  if (before.access !== now.access) {
    return say(`access is ${now.access}`);
  }
  return [];
}

/** What a logical unit's change is. */
export function newsOfUnit(before, now) {
  if (!now) {
    return before ? [item('lun', before.id, lunName(before), null, 'deleted', { tone: 'warn' })] : [];
  }
  const say = (text, more) => [
    item('lun', now.id, lunName(now), now.since, text, { cause: now.cause, evidence: now.evidence, ...more }),
  ];
  if (!before) {
    return say('created');
  }
  if (before.owner !== now.owner) {
    return say(now.owner ? `owned by ${now.owner}, was ${before.owner ?? 'nobody'}` : `has no owner, was ${before.owner}`, {
      tone: now.owner ? 'good' : 'bad',
      from: before.owner,
      to: now.owner,
    });
  }
  if (before.epoch !== now.epoch) {
    return say(`owned by ${now.owner ?? 'nobody'} anew, epoch ${now.epoch}`);
  }
  if (before.phase !== now.phase) {
    return say(`is ${now.phase}${now.owner ? ` (${now.owner})` : ''}`, {
      tone: now.phase === 'serving' ? 'good' : 'warn',
    });
  }
  if (before.size !== now.size) {
    return say(`has ${bytes(now.size)}, had ${bytes(before.size)}`, { at: new Date().toISOString() });
  }
  return [];
}

/** What has changed from one picture to another. */
export function difference(before, after) {
  const news = [];
  const each = (old, now, tell) => {
    for (const id of new Set([...old.keys(), ...now.keys()])) {
      news.push(...tell(old.get(id), now.get(id) ?? null));
    }
  };
  each(before.gateways, after.gateways, newsOfGateway);
  each(before.targets, after.targets, newsOfTarget);
  each(before.units, after.units, newsOfUnit);
  return news;
}

/** One sentence for all that changed at once, for those who hear the page. */
export function spoken(news) {
  const moved = new Map();
  const rest = [];
  for (const each of news) {
    if (each.to && each.from) {
      const way = `${each.from} to ${each.to}`;
      moved.set(way, [...(moved.get(way) ?? []), each.name]);
    } else {
      rest.push(`${each.name} ${each.text}`);
    }
  }
  const sentences = rest.length > 3 ? [`${rest.length} changes`] : rest;
  for (const [way, names] of moved) {
    sentences.push(names.length > 3 ? `${names.length} LUNs moved from ${way}` : `${names.join(', ')} moved from ${way}`);
  }
  return sentences.join('. ');
}
