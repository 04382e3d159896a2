// A reminder is never early, seldom late and never lost: REMINDERS in all, due within a window of WINDOW seconds, each on the socket of its user.
//
//   k6 run -e REMINDERS=1000 -e USERS=100 -e WINDOW=10 reminders.js
import { Counter, Trend } from 'k6/metrics';
import { FIRED, listen, request, send_async, setting, share, users } from './punctual.js';

const REMINDERS = setting('REMINDERS', 1000);
const USERS = Math.min(setting('USERS', 100), REMINDERS);
const WINDOW_S = setting('WINDOW', 10);
// Until all of them are made; those that are due must not have begun by then.
const MAKING_S = setting('MAKING', Math.max(20, REMINDERS / 50));
const WAITING_S = 30;
const VUS = Math.min(10, USERS);

const lateness = new Trend('lateness', true);
const early = new Counter('early');
const fired = new Counter('fired');
const missing = new Counter('missing');
const twice = new Counter('twice');

export const options = {
  setupTimeout: '30m',
  scenarios: {
    devices: { executor: 'per-vu-iterations', vus: VUS, iterations: 1, maxDuration: `${MAKING_S + WINDOW_S + 2 * WAITING_S}s` },
  },
  thresholds: {
    lateness: [`p(99)<${setting('P99_MS', 1000)}`],
    fired: [`count==${REMINDERS}`],
    early: ['count==0'],
    missing: ['count==0'],
    twice: ['count==0'],
    'http_req_failed{scenario:devices}': ['rate==0'],
  },
};

export const setup = () => users(USERS);

export default function (all) {
  const mine = share(all, REMINDERS, VUS);
  const devices = [];
  const heard = new Set();
  const begin = Date.now() + MAKING_S * 1000;
  let made = 0;
  let wanted = 0;

  const hear = (event) => {
    if (event.type !== FIRED) return;
    if (heard.has(event.data.id)) return twice.add(1);
    heard.add(event.data.id);
    const late = Date.now() - Date.parse(event.data.due_at);
    if (late < 0) early.add(1);
    lateness.add(Math.max(0, late));
    fired.add(1);
  };
  mine.forEach((user) => {
    devices.push(listen(user.token, null, { event: hear }));
    wanted += user.share;
    for (let number = 0; number < user.share; number += 1) {
      const at = new Date(begin + Math.random() * WINDOW_S * 1000).toISOString();
      const task = { title: 'Reminded of', reminders: [{ at }] };
      setTimeout(() => send_async(request(user.token, 'POST', '/v1/tasks', task)).then((answer) => {
        if (answer.status === 201) made += 1;
      }), Math.random() * MAKING_S * 700);
    }
  });
  setTimeout(() => {
    missing.add(Math.max(0, wanted - heard.size));
    if (made < wanted) console.error(`${wanted - made} tasks could not be made in time`);
    devices.forEach((device) => device.socket.close());
  }, (MAKING_S + WINDOW_S + WAITING_S) * 1000);
}
