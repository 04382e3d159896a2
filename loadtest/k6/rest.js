// Everyday requests are quick and none fails: mostly reading, some writing, as people use a list. RATE requests a second for SECONDS, from USERS users.
//
//   k6 run -e RATE=200 -e USERS=100 -e SECONDS=60 rest.js
import { check } from 'k6';
import { create, request, send, setting, users } from './punctual.js';

const RATE = setting('RATE', 200);
const USERS = setting('USERS', 100);
const SECONDS = setting('SECONDS', 60);
const P99_MS = setting('P99_MS', 250);

export const options = {
  setupTimeout: '30m',
  scenarios: {
    people: { executor: 'constant-arrival-rate', rate: RATE, timeUnit: '1s', duration: `${SECONDS}s`, preAllocatedVUs: Math.max(10, Math.ceil(RATE / 4)), maxVUs: RATE },
  },
  thresholds: {
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
    'http_req_duration{scenario:people}': [`p(99)<${P99_MS}`],
    'http_req_failed{scenario:people}': ['rate==0'],
  },
};

export const setup = () => users(USERS);

const WAYS = [
  [40, (user) => is(200, request(user.token, 'GET', '/v1/tasks?limit=50'))],
  [15, (user) => is(200, request(user.token, 'GET', '/v1/tasks?q=bread&status=all&limit=20'))],
  [15, (user) => is(200, request(user.token, 'GET', `/v1/tasks/${user.task}`))],
  [15, (user) => is(201, request(user.token, 'POST', '/v1/tasks', { title: `Buy bread ${Math.random()}`, due: { date: '2031-06-01' } }))],
  [10, (user) => is(200, request(user.token, 'PATCH', `/v1/tasks/${user.task}`, { description: `changed at ${Date.now()}` }))],
  [5, (user) => {
    const task = create(user.token, { title: 'Done at once' });
    return is(200, request(user.token, 'POST', `/v1/tasks/${task.id}/complete`));
  }],
];

function is(status, what) {
  return check(send(what), { [`${what.params.tags.name} is ${status}`]: (answer) => answer.status === status });
}

export default function (all) {
  const user = all[Math.floor(Math.random() * all.length)];
  let left = Math.random() * 100;
  WAYS.find(([share]) => (left -= share) < 0)[1](user);
}
