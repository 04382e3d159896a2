// It does not get slower with time: the same steady load for HOURS, a long one by default, and the last quarter is held to the
// same as the first; the summary shows both. Watch memory (`punctual_live_actors`, the process) and `punctual_outbox_commits` on /metrics meanwhile.
//
//   k6 run -e HOURS=8 -e RATE=50 soak.js
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { check } from 'k6';
import { create, request, send, setting, users } from './punctual.js';

const HOURS = setting('HOURS', 8);
const RATE = setting('RATE', 50);
const USERS = setting('USERS', 100);
const P99_MS = setting('P99_MS', 250);

const first = new Trend('first_quarter', true);
const last = new Trend('last_quarter', true);

export const options = {
  setupTimeout: '30m',
  scenarios: {
    life: { executor: 'constant-arrival-rate', rate: RATE, timeUnit: '1s', duration: `${Math.round(HOURS * 3600)}s`, preAllocatedVUs: Math.max(10, RATE), maxVUs: 4 * RATE },
  },
  thresholds: {
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
    'http_req_failed{scenario:life}': ['rate==0'],
    first_quarter: [`p(99)<${P99_MS}`],
    last_quarter: [`p(99)<${P99_MS}`],
  },
};

export const setup = () => users(USERS);

export default function (all) {
  const user = all[Math.floor(Math.random() * all.length)];
  const begin = Date.now();
  const task = create(user.token, { title: `Water the plants ${begin}`, due: { date: '2031-06-01' } });
  const done = send(request(user.token, 'POST', `/v1/tasks/${task.id}/complete`));
  const found = send(request(user.token, 'GET', '/v1/tasks?status=done&sort=-updated&limit=10'));
  const gone = send(request(user.token, 'DELETE', `/v1/tasks/${task.id}`));
  check(null, {
    'completed': () => done.status === 200,
    'found': () => found.status === 200 && found.json('items').length > 0,
    'deleted': () => gone.status === 204,
  });
  const took = Date.now() - begin;
  if (exec.scenario.progress < 0.25) first.add(took);
  if (exec.scenario.progress > 0.75) last.add(took);
}
