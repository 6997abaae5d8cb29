// The console: what is known is drawn in the view that is chosen, of now or of the past.

import { ApiError, hasToken, ifThere, list, onUnauthorized, useToken } from './api.js';
import { DetailsView } from './details.js';
import { byId, eachFrame, h, replace } from './dom.js';
import { EventList } from './events.js';
import { Filter } from './filter.js';
import { setUpKeys } from './keys.js';
import { Live } from './live.js';
import { MapView } from './map.js';
import { MatrixView } from './matrix.js';
import { difference, spoken } from './news.js';
import { overview } from './overview.js';
import { askToken, banner, setUpMenu, setUpTheme, showHelp, toast } from './shell.js';
import { TableView } from './tables.js';
import { perform } from './tasks.js';
import { Timeline } from './timeline.js';
import { VolumesView } from './volumes.js';
import { clock, mark, stateOf, STATES, time } from './words.js';

const VIEWS = {
  map: 'Map',
  matrix: 'Matrix',
  luns: 'LUNs',
  targets: 'Targets',
  gateways: 'Gateways',
  hosts: 'Hosts',
  operations: 'Operations',
  volumes: 'Volumes',
};
const RECENT_MS = 6_000;
const SPEAK_MS = 400;

const live = new Live();
const timeline = new Timeline(byId('timeline'));
const events = new EventList(byId('events'), byId('events-note'), select, (id) => live.picture.nameOf(id));
const denied = (task) => live.denied(task);
const details = new DetailsView(byId('details'), act, denied, select);
const views = {
  map: new MapView(select),
  matrix: new MatrixView(select),
  volumes: new VolumesView(select, act, denied),
};
for (const name of ['luns', 'targets', 'gateways', 'hosts', 'operations']) {
  views[name] = new TableView(name, select, act, denied);
}

let past = null;
let selection = null;
let filter = new Filter('');
let shown = null;
let stores = [];
const recent = new Map();
const unsaid = [];
let speaking;

const picture = () => past ?? live.picture;
const draw = eachFrame(render);

function view() {
  const name = location.hash.replace(/^#\//, '').split('/')[0];
  return VIEWS[name] ? name : 'map';
}

function render() {
  const name = view();
  if (shown !== name) {
    shown = name;
    replace(byId('view'), views[name].element);
    byId('heading').textContent = VIEWS[name];
    document.title = `${VIEWS[name]} · Moongate`;
    replace(
      byId('tabs'),
      Object.entries(VIEWS).map(([id, text]) =>
        h('a', { href: `#/${id}`, 'aria-current': id === name ? 'page' : null }, text),
      ),
    );
  }
  const now = picture();
  legend(now, ['map', 'matrix'].includes(name));
  const rows = filter.empty ? now.rows() : now.rows().filter((row) => filter.row(row));
  byId('matches').textContent = filter.empty ? '' : `${rows.length} of ${now.rows().length} LUNs`;
  overview(byId('overview'), now, select);
  const state = { picture: now, rows, filter, selection, recent, past: past !== null, stores };
  views[name].render(state);
  details.render(state);
  status();
}

/** The two states of good days, and those that occur. */
function legend(now, shows) {
  const words = new Set(Object.keys(STATES).slice(0, 2));
  now.paths.forEach((paths) => paths.forEach((path) => words.add(path.state)));
  const key = shows ? [...words].join(' ') : '';
  const element = byId('legend');
  if (element.dataset.words !== key) {
    element.dataset.words = key;
    element.hidden = !shows;
    replace(
      element,
      [...words].map((word) => h('li', { class: 'with-mark' }, mark(word), `${stateOf(word).short} ${stateOf(word).name}`)),
    );
  }
}

function status() {
  document.body.dataset.mode = past ? 'past' : 'live';
  const element = byId('status');
  const words = {
    connecting: 'Connecting',
    live: `Live · ${live.gateway}`,
    lost: `${live.gateway ?? 'Gateway'} does not answer`,
    locked: 'Signed out',
    refused: 'Refused',
  };
  element.className = `status ${past ? 'past' : live.status}`;
  const text = past ? `Past · ${clock(past.at)}` : words[live.status];
  if (element.textContent !== text) {
    element.textContent = text;
  }
  byId('who').textContent = live.user ? `${live.user} (${live.role})` : '';
  byId('sign').hidden = !hasToken();
  const why = past ? 'This is the past' : live.status === 'live' ? denied('createTarget') : 'The gateway does not answer';
  byId('create').disabled = why !== null;
  byId('create').title = why ?? 'Create (C)';
  if (past) {
    banner(byId('banner'), 'past', `This is how it was at ${time(past.at, true)}. Nothing can be changed here.`);
  } else if (live.status === 'lost') {
    const others = live.picture.gatewayList().filter((each) => each.name !== live.gateway && each.api && each.state === 'up');
    banner(
      byId('banner'),
      'lost',
      h('span', null, `${live.gateway ?? 'The gateway'} does not answer since ${clock(live.lostSince)}. What is shown is from then; it is asked again and again.`),
      others.length > 0 ? h('span', null, 'Consoles of the others:') : null,
      others.map((each) => h('a', { href: `${each.api}/console/${location.hash}`, rel: 'noreferrer' }, each.name)),
    );
  } else {
    banner(byId('banner'), null);
  }
}

function select(kind, id) {
  selection = kind ? { kind, id } : null;
  render();
  if (kind) {
    details.focus();
  } else {
    document.querySelector('#view [tabindex="0"]')?.focus({ preventScroll: true });
  }
}

async function act(name, about) {
  try {
    const said = await perform(name, picture(), about);
    if (said) {
      toast(said);
      details.again(selection);
      views.volumes.again();
    }
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    toast(error.message, 'bad');
  }
}

async function signIn(reason) {
  useToken(await askToken(reason));
  live.start();
}

/** Marks what has just changed, for some seconds. */
function highlight(news) {
  for (const each of news) {
    const key = `${each.entity} ${each.id}`;
    clearTimeout(recent.get(key));
    recent.set(
      key,
      setTimeout(() => {
        recent.delete(key);
        draw();
      }, RECENT_MS),
    );
  }
}

/** Says it to those who hear the page: what belongs together at once, or the last would hide the rest. */
function speak(news) {
  unsaid.push(...news);
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    byId('spoken').textContent = spoken(unsaid.splice(0));
  }, SPEAK_MS);
}

function follow() {
  live.addEventListener('picture', ({ detail: news }) => {
    if (news.length > 0) {
      events.add(news);
      timeline.add(news);
      speak(news);
      highlight(news);
    }
    draw();
  });
  live.addEventListener('status', () => {
    byId('spoken').textContent = live.status === 'lost' ? `${live.gateway ?? 'The gateway'} does not answer` : '';
    if (live.status === 'live') {
      timeline.load();
      askStores();
    } else if (live.status === 'locked' || live.status === 'refused') {
      signIn(live.status === 'refused' ? `${live.reason}` : null);
    }
    draw();
  });
  timeline.addEventListener('past', ({ detail }) => {
    highlight(past ? difference(past, detail) : []);
    past = detail;
    events.at(past.at);
    draw();
  });
  timeline.addEventListener('live', () => {
    past = null;
    events.at(null);
    draw();
  });
  timeline.addEventListener('fault', ({ detail }) => toast(detail, 'bad'));
  timeline.addEventListener('events', ({ detail }) => events.history(detail));
  details.onMore = draw;
}

async function askStores() {
  try {
    stores = ((await ifThere(list('stores'))) ?? []).map((store) => store.kind);
  } catch {
    // The form can do without: the default is always there.
    stores = [];
  }
  draw();
}

function setUp() {
  const toggleTheme = setUpTheme(byId('theme'));
  const find = (text) => {
    filter = new Filter(text);
    draw();
  };
  byId('filter').addEventListener('input', (event) => find(event.target.value));
  byId('help').addEventListener('click', showHelp);
  byId('sign').addEventListener('click', () => {
    useToken(null);
    // Nothing of what was known may be left for whoever comes next.
    location.reload();
  });
  setUpMenu(byId('create'), () => {
    const none = live.picture.targets.size === 0;
    return [
      ['Target', () => act('createTarget'), false],
      ['LUN', () => act('createLun', { stores, target: selection?.kind === 'target' ? selection.id : undefined }), none],
      ['LUN of a volume that is there', () => (location.hash = '#/volumes'), none],
    ];
  });
  setUpKeys({
    go: (name) => {
      location.hash = `#/${name}`;
    },
    find: () => byId('filter').focus(),
    create: () => byId('create').click(),
    step: (direction) => timeline.step(direction),
    play: () => timeline.toggle(),
    live: () => timeline.live(),
    theme: toggleTheme,
    help: showHelp,
    escape: () => select(null),
  });
  window.addEventListener('hashchange', () => {
    render();
    byId('content').focus({ preventScroll: true });
  });
  window.addEventListener('resize', draw);
  // A token that has expired is asked for again; the stream tells of it as well.
  onUnauthorized(() => live.status === 'live' && hasToken() && live.start());
}

setUp();
follow();
render();
live.start();
