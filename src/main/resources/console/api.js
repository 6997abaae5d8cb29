// The HTTP API of the gateway that served this page.

const BASE = '/api/v1';
const TOKEN = 'moongate.token';

/** An answer that is no success, or none (status 0), with its problem document (RFC 9457). */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `The gateway answered with status ${status}`);
    this.status = status;
    this.field = problem?.field ?? null;
    this.problem = problem ?? null;
  }
}

let unauthorized = () => {};

/** What to do when the API wants a token, or another one. */
export function onUnauthorized(action) {
  unauthorized = action;
}

/** Keeps the token for this tab until it is closed, or forgets it. */
export function useToken(token) {
  if (token) {
    sessionStorage.setItem(TOKEN, token);
  } else {
    sessionStorage.removeItem(TOKEN);
  }
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN) !== null;
}

/** The request as it is, with the token; answers that are no success are errors. */
export async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(TOKEN);
  if (token) {
    headers.set('Authorization', `Bearer ${token}`);
  }
  let response;
  try {
    response = await fetch(path.startsWith('/') ? path : `${BASE}/${path}`, {
      ...options,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
  } catch (error) {
    if (options.signal?.aborted && !options.timedOut?.()) {
      throw error;
    }
    throw new ApiError(0, { detail: 'The gateway does not answer' });
  }
  if (response.ok) {
    return response;
  }
  if (response.status === 401) {
    unauthorized();
  }
  let problem = null;
  try {
    problem = await response.json();
  } catch {
    // Not every proxy on the way answers with a problem document.
  }
  throw new ApiError(response.status, problem);
}

/** One resource, with the entity tag by which a change says what it was made of. */
export async function get(path) {
  const response = await bounded(path, { headers: { Accept: 'application/json' } }, 10_000);
  return { value: await response.json(), etag: response.headers.get('ETag') };
}

/** Asks for a change. */
export async function change(method, path, body, etag) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (etag) {
    headers['If-Match'] = etag;
  }
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await bounded(path, { method, headers, body: text }, 60_000);
  return response.status === 204 ? null : response.json();
}

async function bounded(path, options, milliseconds) {
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, milliseconds);
  try {
    return await send(path, { ...options, signal: controller.signal, timedOut: () => late });
  } finally {
    clearTimeout(timer);
  }
}

/** Everything of a list, page after page where the gateway gives pages. */
export async function list(path) {
  const items = [];
  let next = path;
  while (next) {
    const response = await bounded(next, { headers: { Accept: 'application/json' } }, 30_000);
    const answer = await response.json();
    for (const item of Array.isArray(answer) ? answer : (answer.items ?? answer.sessions ?? [])) {
      items.push(item);
    }
    next = following(path, response, answer);
  }
  return items;
}

function following(path, response, answer) {
  const link = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(response.headers.get('Link') ?? '');
  if (link) {
    const url = new URL(link[1], location.origin);
    return url.pathname + url.search;
  }
  if (Array.isArray(answer) || !answer.next) {
    return null;
  }
  return `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(answer.next)}`;
}

/** The same, or null where the gateway has no such resource. */
export async function ifThere(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError && [404, 405, 501].includes(error.status)) {
      return null;
    }
    throw error;
  }
}
