// What the scripts have in common: where the server is, users, sockets.
import exec from 'k6/execution';
import http from 'k6/http';
import { fail } from 'k6';
import { WebSocket } from 'k6/websockets';

const without_slash = (url) => url.replace(/\/+$/, '');
const base = without_slash(__ENV.URL || 'http://127.0.0.1:8080');
// With its path or without: `cargo xtask dapr up --json` names it with.
const sync = without_slash(__ENV.SYNC_URL || base).replace(/^http/, 'ws').replace(/\/v1\/sync$/, '') + '/v1/sync';

// Registrations at a time: each costs the server a password hash, of which it makes one per core.
const REGISTRATIONS_AT_A_TIME = 8;

export const STATE = 'dev.punctual.task.state.v1';
export const FIRED = 'dev.punctual.reminder.fired.v1';

/** A setting of the run: `-e NAME=…`. */
export function setting(name, otherwise) {
  const value = Number(__ENV[name] || otherwise);
  return Number.isFinite(value) && value > 0 ? value : fail(`${name} is no number above zero`);
}

/** A request of a user; `token` null for those who have none. */
export function request(token, method, path, body, params = {}) {
  const headers = { 'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  // One name for all ids, or each would be a metric of its own.
  const tags = { name: `${method} ${path.replace(/[0-9a-f-]{36}/g, '{id}').replace(/\?.*/, '')}` };
  return { method, url: base + path, body: body && JSON.stringify(body), params: { headers, tags, ...params } };
}

/** Sends it and waits. */
export function send(what) {
  return http.request(what.method, what.url, what.body, what.params);
}

/** Sends it; a promise of the answer. */
export function send_async(what) {
  return http.asyncRequest(what.method, what.url, what.body, what.params);
}

/** Those of `users` that this virtual user plays, each with its share of `total`. */
export function share(users, total, vus) {
  const count = users.length;
  const own = (number) => Math.floor(total / count) + (number < total % count ? 1 : 0);
  const of_all = users.map((user, number) => ({ ...user, share: own(number) }));
  return of_all.filter((_, number) => number % vus === exec.vu.idInTest - 1);
}

/** New users, each with a task. Needs a server that takes them: `--anonymous-rate-limit 0`. */
export function users(count) {
  const run = Date.now();
  const registration = (number) => {
    const form = { email: `k6-${run}-${number}@example.com`, password: 'a password for a load test', time_zone: 'Europe/Paris' };
    return request(null, 'POST', '/v1/users', form, { timeout: '120s' });
  };
  const made = [];
  while (made.length < count) {
    const next = Math.min(REGISTRATIONS_AT_A_TIME, count - made.length);
    const answers = http.batch(Array.from({ length: next }, (_, ahead) => registration(made.length + ahead)));
    answers.forEach((answer) => made.push({ token: expect(answer, 201).token }));
  }
  made.forEach((user) => {
    user.task = create(user.token, { title: 'A task that changes' }).id;
  });
  return made;
}

/** A new task. */
export function create(token, task) {
  return expect(send(request(token, 'POST', '/v1/tasks', task)), 201);
}

/** The body of an answer that has to have this status. */
export function expect(answer, status) {
  if (answer.status !== status) fail(`${answer.request.method} ${answer.url}: ${answer.status} ${answer.error || answer.body}`);
  return answer.json();
}

/**
 * A socket of a user, which said hello. `hears.ready(cursor)`, `hears.event(event, cursor)`, `hears.resync(cursor)` and `hears.closed(code)` are
 * called if they are there. `cursor` of the answer is that of the last event.
 */
export function listen(token, cursor, hears) {
  const socket = new WebSocket(sync);
  const device = { socket, cursor };
  socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token, cursor }));
  socket.onmessage = (message) => {
    const said = JSON.parse(message.data);
    device.cursor = said.cursor;
    const hear = hears[said.type];
    if (hear) hear(said.type === 'event' ? said.event : said.cursor, said.cursor);
  };
  socket.onclose = (end) => hears.closed && hears.closed(end.code);
  // Without this an error ends the script; what it was, `onclose` says.
  socket.onerror = () => {};
  return device;
}
