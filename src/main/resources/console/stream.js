// What changes, as the gateway tells it: server-sent events read by fetch, since EventSource can
// send no Authorization header. A gateway that has no such stream is asked again and again.

import { ApiError, send } from './api.js';

/** Heartbeats come each 15 s. */
const SILENCE_MS = 40_000;

/** Splits a byte stream into server-sent events. */
export class EventParser {
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.rest = '';
    this.clear();
  }

  clear() {
    this.type = 'message';
    this.data = [];
  }

  push(text) {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop();
    lines.forEach((line) => this.line(line));
  }

  line(line) {
    if (line === '') {
      if (this.data.length > 0) {
        this.onEvent({ type: this.type, data: this.data.join('\n'), id: this.id });
      }
      this.clear();
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') {
      this.type = value;
    } else if (field === 'data') {
      this.data.push(value);
    } else if (field === 'id') {
      this.id = value;
    }
  }
}

/**
 * Reads the stream until it ends or is silent for too long.
 *
 * @param last id of the last event that was taken, after which it is to go on; null to begin now
 * @param onOpen called when the gateway has answered
 * @param onEvent called with each event's type, data and id
 * @throws ApiError of status 404 when the gateway has no stream
 */
export async function readChanges(signal, last, onOpen, onEvent) {
  const headers = { Accept: 'text/event-stream' };
  if (last !== null) {
    headers['Last-Event-ID'] = last;
  }
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener('abort', abort, { once: true });
  let watch = setTimeout(abort, SILENCE_MS);
  try {
    const response = await send('changes', { headers, signal: controller.signal, timedOut: () => !signal.aborted });
    if (!(response.headers.get('Content-Type') ?? '').startsWith('text/event-stream')) {
      throw new ApiError(404, { detail: 'The gateway has no stream of changes' });
    }
    onOpen();
    const parser = new EventParser(onEvent);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      clearTimeout(watch);
      watch = setTimeout(abort, SILENCE_MS);
      parser.push(value);
    }
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', abort);
    controller.abort();
  }
}
