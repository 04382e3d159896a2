// Every change reaches every device in time. SOCKETS devices, spread over USERS, listen; CHANGES a second are made, each to the next user's task, and a
// change has to arrive on each of the user's sockets.
//
//   k6 run -e SOCKETS=1000 -e USERS=200 -e CHANGES=100 -e SECONDS=60 sockets.js
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { STATE, listen, request, send_async, setting, share, users } from './punctual.js';

const SOCKETS = setting('SOCKETS', 1000);
const USERS = Math.min(setting('USERS', 200), SOCKETS);
const CHANGES = setting('CHANGES', 100);
const SECONDS = setting('SECONDS', 60);
// Latency is measured where a change is sent and heard, so a user's devices are all of one virtual user.
const VUS = Math.min(setting('VUS', 20), USERS);
const OPENING_S = Math.max(10, SOCKETS / 100);
const SETTLING_S = 10;

const arrival = new Trend('change_to_frame', true);
const changes = new Counter('changes');
const expected = new Counter('frames_expected');
const arrived = new Counter('frames_arrived');
const lost = new Counter('frames_lost');
const closed = new Counter('sockets_lost');
const ready = new Counter('sockets_ready');

export const options = {
  setupTimeout: '30m',
  scenarios: {
    devices: { executor: 'per-vu-iterations', vus: VUS, iterations: 1, maxDuration: `${OPENING_S + SECONDS + 2 * SETTLING_S}s` },
  },
  thresholds: {
    // A load that was never made proves nothing. Two in a hundred may be left out, of those that come late when the time is over.
    changes: [`count>=${0.98 * CHANGES * SECONDS}`],
    change_to_frame: [`p(99)<${setting('P99_MS', 500)}`],
    frames_arrived: ['count>0'],
    frames_lost: ['count==0'],
    sockets_lost: ['count==0'],
    sockets_ready: [`count>=${SOCKETS}`],
    'http_req_failed{scenario:devices}': ['rate==0'],
  },
};

export const setup = () => users(USERS);

export default function (all) {
  const mine = share(all, SOCKETS, VUS);
  const devices = [];
  const sent = new Map();
  const ends = Date.now() + (OPENING_S + SECONDS + SETTLING_S) * 1000;
  let owed = 0;

  const heard = (event) => {
    const at = event.type === STATE && sent.get(event.data.title);
    if (!at) return;
    arrival.add(Date.now() - at);
    arrived.add(1);
    owed -= 1;
  };
  mine.forEach((user, number) => {
    for (let opened = 0; opened < user.share; opened += 1) {
      // Spread, as people do not all come at once; that they do is `reconnect.js`.
      setTimeout(() => {
        devices.push(listen(user.token, null, {
          ready: () => ready.add(1),
          event: heard,
          closed: () => Date.now() < ends && closed.add(1),
        }));
      }, ((number + opened / user.share) / mine.length) * OPENING_S * 800);
    }
  });

  // Each change has its own moment, whatever became of those before (an interval falls behind by what each takes); virtual users take turns.
  const begins = Date.now() + OPENING_S * 1000;
  const due = (turn) => begins + ((turn * VUS + exec.vu.idInTest - 1) * 1000) / CHANGES;
  const change = (turn) => {
    if (Date.now() >= begins + SECONDS * 1000) return;
    const user = mine[turn % mine.length];
    const title = `change ${exec.vu.idInTest} ${turn + 1}`;
    sent.set(title, Date.now());
    owed += user.share;
    changes.add(1);
    expected.add(user.share);
    send_async(request(user.token, 'PATCH', `/v1/tasks/${user.task}`, { title }));
    setTimeout(() => change(turn + 1), Math.max(0, due(turn + 1) - Date.now()));
  };
  setTimeout(() => change(0), due(0) - Date.now());
  setTimeout(() => {
    lost.add(owed);
    devices.forEach((device) => device.socket.close());
  }, ends - Date.now());
}
