// Keeps the picture of now: fetched once, then kept up with what the gateway tells. After a break the
// stream goes on where it was, if the gateway still has what was missed.

import { ApiError, get, hasToken, ifThere, list } from './api.js';
import { difference, newsOfGateway, newsOfTarget, newsOfUnit } from './news.js';
import { Picture } from './picture.js';
import { denied } from './rights.js';
import { readChanges } from './stream.js';

const POLL_MS = 2_000;
const SLOW_POLL_MS = 15_000;
const MANY_PATHS = 5_000;
const SESSIONS_MS = 10_000;
const PAUSES_MS = [500, 1_000, 2_000, 5_000];

const sleep = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

export class Live extends EventTarget {
  constructor() {
    super();
    this.picture = new Picture();
    this.gateway = null;
    this.role = null;
    this.user = null;
    this.status = 'connecting';
    this.lostSince = null;
    this.controller = null;
    this.streamed = true;
    /** Id of the last event of the stream; null while the picture lacks something that was told before. */
    this.last = null;
    /** Events that wait for what is being fetched, which may be older than they are; null: none have to. */
    this.waiting = null;
  }

  /** Begins, or begins anew with another token. */
  start() {
    this.stop();
    this.controller = new AbortController();
    this.run(this.controller.signal);
  }

  stop() {
    this.controller?.abort();
  }

  async run(signal) {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.follow(signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (error instanceof ApiError && [401, 403].includes(error.status)) {
          this.say(hasToken() ? 'refused' : 'locked', error.message);
          return;
        }
        this.lost(error);
      }
      await sleep(PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)], signal);
    }
  }

  async follow(signal, onGood) {
    const whoami = await ifThere(get('whoami'));
    this.role = whoami?.value.role ?? null;
    this.user = whoami?.value.user ?? null;
    const version = await get('version');
    this.gateway = version.value.gateway;
    this.version = version.value.version;
    if (!this.streamed) {
      await this.poll(signal, onGood);
      return;
    }
    const sessions = setInterval(() => this.fetchSessions(), SESSIONS_MS);
    const reading = new AbortController();
    const stop = () => reading.abort();
    signal.addEventListener('abort', stop, { once: true });
    this.reading = reading.signal;
    this.waiting = [];
    let failure = null;
    const fetched = async () => {
      try {
        await this.held(() => (this.last === null ? this.fetchAll() : this.fetchUntold()));
        if (!reading.signal.aborted) {
          onGood();
          this.say('live');
        }
      } catch (error) {
        failure = error;
        stop();
      }
    };
    try {
      await readChanges(reading.signal, this.last, fetched, (event) => this.take(event));
    } catch (error) {
      if (error instanceof ApiError && [404, 405].includes(error.status)) {
        this.streamed = false;
        await this.poll(signal, onGood);
        return;
      }
      throw failure ?? error;
    } finally {
      clearInterval(sessions);
      signal.removeEventListener('abort', stop);
      stop();
      if (this.reading === reading.signal) {
        // What still waits was not taken: it is told again after the last that was.
        this.waiting = null;
      }
    }
    throw failure ?? new ApiError(0, { detail: 'The gateway has ended the stream of changes' });
  }

  /** Fetches something while events wait, and takes them then; where some are missing, everything. */
  async held(fetch) {
    const { reading } = this;
    this.waiting = [];
    await fetch();
    while (!reading.aborted && this.waiting.some((event) => this.misses(event))) {
      const { id } = this.waiting.at(-1);
      this.last = null;
      this.waiting = [];
      await this.fetchAll();
      this.last = reading.aborted ? null : id;
    }
    if (!reading.aborted) {
      const { waiting } = this;
      this.waiting = null;
      waiting.forEach((event) => this.take(event, true));
    }
  }

  /** Whether there are events before it that were not told. */
  misses(event) {
    return event.type === 'reset' || (event.type === 'hello' && this.last !== null && event.id !== this.last);
  }

  /** For a gateway without a stream: everything again every two seconds, or more when it is much. */
  async poll(signal, onGood) {
    this.last = null;
    this.reading = signal;
    this.waiting = null;
    while (!signal.aborted) {
      await this.fetchAll();
      onGood();
      this.say('live');
      const paths = this.picture.paths.size * this.picture.gateways.size;
      await sleep(paths > MANY_PATHS ? SLOW_POLL_MS : POLL_MS, signal);
    }
  }

  async fetchAll() {
    const { reading } = this;
    const [gateways, targets, luns, paths, operations, sessions] = await Promise.all([
      list('gateways'),
      list('targets'),
      list('luns'),
      list('paths'),
      list('operations'),
      this.askSessions(),
    ]);
    if (reading.aborted) {
      return; // Something newer is being fetched.
    }
    const before = this.picture;
    this.picture = new Picture({ gateways, targets, luns, paths, operations });
    this.putSessions(sessions);
    this.announce(before.gateways.size === 0 ? [] : difference(before, this.picture));
  }

  /** What no change tells: what waits for an owner that has failed, and sessions. */
  async fetchUntold() {
    const { reading } = this;
    const [operations, sessions] = await Promise.all([list('operations'), this.askSessions()]);
    if (!reading.aborted) {
      this.picture.operations = new Map(operations.map((operation) => [operation.id, operation]));
      this.putSessions(sessions);
      this.announce([]);
    }
  }

  async askSessions() {
    const { value } = await get('sessions');
    return { sessions: value.sessions ?? value.items ?? value, silent: value.silent ?? [] };
  }

  async fetchPaths(query) {
    const { picture } = this;
    const { signal } = this.controller;
    try {
      picture.putPaths(await list(`paths?${query}`));
      this.announce([]);
    } catch (error) {
      if (!signal.aborted) {
        // Without these the picture would stay wrong: everything is asked for again.
        this.last = null;
        this.lost(error);
        this.start();
      }
    }
  }

  async fetchSessions() {
    try {
      this.putSessions(await this.askSessions());
      this.announce([]);
    } catch {
      // The stream says whether the gateway is there.
    }
  }

  putSessions({ sessions, silent }) {
    this.picture.sessions = sessions;
    this.picture.silent = silent;
  }

  /**
   * Takes what the stream tells.
   *
   * @param late whether it has waited: what was fetched meanwhile may have it already, in part
   */
  take(event, late) {
    if (this.waiting !== null) {
      this.waiting.push(event);
      return;
    }
    if (this.misses(event)) {
      this.renew(event);
      return;
    }
    // Of an event that could not be taken whole the picture may lack a part: then all is fetched anew.
    this.last = null;
    if (event.type !== 'hello') {
      this.apply(event, late);
    }
    this.last = event.id ?? null;
  }

  apply(event, late) {
    const data = JSON.parse(event.data);
    const picture = this.picture;
    let news = [];
    if (event.type === 'gateway') {
      news = newsOfGateway(picture.gateways.get(data.name), data);
      picture.gateways.set(data.name, data);
      if (late || news.length > 0) {
        // Its paths have changed with it, and of these nothing else tells.
        this.fetchPaths(`gateway=${encodeURIComponent(data.name)}`);
        this.fetchSessions();
      }
    } else if (event.type === 'target') {
      news = newsOfTarget(picture.targets.get(data.name), data);
      picture.putTarget(data);
      this.fetchPaths(`target=${encodeURIComponent(data.name)}`);
    } else if (event.type === 'lun') {
      const unit = data.lun ?? data;
      news = newsOfUnit(picture.units.get(unit.id), unit);
      picture.putUnit(unit, data.paths);
    } else if (event.type === 'operation') {
      picture.operations.set(data.id, data);
    } else if (event.type === 'removed') {
      news = this.remove(data);
    }
    picture.changed();
    this.announce(news);
  }

  /** The gateway has told less than there was: everything is read anew. */
  async renew(event) {
    const { signal } = this.controller;
    try {
      const fetching = this.held(() => {});
      this.waiting.push(event);
      await fetching;
    } catch (error) {
      if (!signal.aborted) {
        this.lost(error);
        this.start();
      }
    }
  }

  remove({ kind, id }) {
    const picture = this.picture;
    if (kind === 'gateway') {
      const news = newsOfGateway(picture.gateways.get(id), null);
      picture.removeGateway(id);
      return news;
    }
    if (kind === 'target') {
      const news = newsOfTarget(picture.targets.get(id), null);
      picture.removeTarget(id);
      return news;
    }
    if (kind === 'lun') {
      const news = newsOfUnit(picture.units.get(id), null);
      picture.removeUnit(id);
      return news;
    }
    picture.operations.delete(id);
    return [];
  }

  lost(error) {
    this.lostSince ??= new Date().toISOString();
    // It may come back as another version.
    this.streamed = true;
    this.say('lost', error.message);
  }

  say(status, reason) {
    if (status === 'live') {
      this.lostSince = null;
    }
    if (this.status !== status) {
      this.status = status;
      this.reason = reason;
      this.dispatchEvent(new Event('status'));
    }
  }

  announce(news) {
    this.dispatchEvent(new CustomEvent('picture', { detail: news }));
  }

  /** Why this user may not do a task; null when the role allows it, or is not known. */
  denied(task) {
    return denied(task, this.role);
  }
}
