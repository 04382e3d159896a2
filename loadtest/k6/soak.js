// It does not get slower with time: the same steady load for HOURS, a long one by default. What a caller needs in the last quarter is divided by what
// the same caller needed on average in the first, and most of it must stay below SLOWER times that; the summary shows both quarters too. Watch memory (`punctual_live_actors`, the process) and `punctual_outbox_commits` on /metrics meanwhile.
//
//   k6 run -e HOURS=8 -e RATE=50 soak.js
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { check } from 'k6';
import { create, request, send, setting, users } from './punctual.js';

const HOURS = setting('HOURS', 8);
const RATE = setting('RATE', 50);
const USERS = setting('USERS', 100);
const P99_MS = setting('P99_MS', 250);
const SLOWER = setting('SLOWER', 1.5);

const first = new Trend('first_quarter', true);
const last = new Trend('last_quarter', true);
const slowdown = new Trend('slowdown');
const compared = new Counter('compared');
// Of this caller: k6 runs a program of its own for each, which knows nothing of the others.
const before = { count: 0, sum: 0 };

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
    slowdown: [`med<${SLOWER}`],
    // A threshold on nothing would hold.
    compared: ['count>0'],
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
  if (exec.scenario.progress < 0.25) {
    first.add(took);
    before.count += 1;
    before.sum += took;
  }
  if (exec.scenario.progress > 0.75) {
    last.add(took);
    if (before.count > 0) {
      slowdown.add(took / (before.sum / before.count));
      compared.add(1);
    }
  }
}
