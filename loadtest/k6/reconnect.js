// After a storm nobody has missed anything: SOCKETS devices drop at the same moment, while they are away each user's task changes CHANGES times, and all
// come back at once with their cursors. Each has to be ready soon and hear every change once, in order.
//
//   k6 run -e SOCKETS=1000 -e USERS=200 -e CHANGES=5 reconnect.js
import { Counter, Trend } from 'k6/metrics';
import { STATE, listen, request, send_async, setting, share, users } from './punctual.js';

const SOCKETS = setting('SOCKETS', 1000);
const USERS = Math.min(setting('USERS', 200), SOCKETS);
const CHANGES = setting('CHANGES', 5);
const STORMS = setting('STORMS', 3);
const VUS = Math.min(20, USERS);
const AWAY_S = setting('AWAY', 10);
const BACK_S = setting('BACK', 20);

const back = new Trend('drop_to_ready', true);
const caught_up = new Trend('drop_to_caught_up', true);
const resumed = new Counter('resumed');
const missed = new Counter('changes_missed');
const wrong = new Counter('changes_twice_or_out_of_order');

export const options = {
  setupTimeout: '30m',
  scenarios: {
    devices: { executor: 'per-vu-iterations', vus: VUS, iterations: 1, maxDuration: `${(STORMS + 1) * (AWAY_S + BACK_S) + 60}s` },
  },
  thresholds: {
    drop_to_ready: [`p(99)<${setting('P99_MS', 5000)}`],
    drop_to_caught_up: [`p(99)<${setting('P99_MS', 5000)}`],
    resumed: [`count==${SOCKETS * STORMS}`],
    changes_missed: ['count==0'],
    changes_twice_or_out_of_order: ['count==0'],
    'http_req_failed{scenario:devices}': ['rate==0'],
  },
};

export const setup = () => users(USERS);

export default function (all) {
  const mine = share(all, SOCKETS, VUS);
  const devices = [];
  let storm = 0;
  let since = 0;

  const come = (device) => {
    const ears = {
      ready: () => {
        if (storm > 0) {
          back.add(Date.now() - since);
          resumed.add(1);
        }
      },
      event: (event) => {
        const number = event.type === STATE ? Number(event.data.title.split(' ')[1]) : NaN;
        if (Number.isNaN(number)) return;
        if (number !== device.last + 1) wrong.add(1);
        device.last = number;
        if (number === storm * CHANGES) caught_up.add(Date.now() - since);
      },
    };
    device.link = listen(device.user.token, device.link ? device.link.cursor : null, ears);
  };
  mine.forEach((user) => {
    for (let number = 0; number < user.share; number += 1) devices.push({ user, last: 0 });
  });

  const everyone = (act) => devices.forEach(act);
  const change = async (user, number, last) => {
    await send_async(request(user.token, 'PATCH', `/v1/tasks/${user.task}`, { title: `change ${number}` }));
    if (number < last) await change(user, number + 1, last);
  };
  const blow = () => {
    if (storm > 0) everyone((device) => missed.add(storm * CHANGES - device.last));
    if (storm === STORMS) return everyone((device) => device.link.socket.close());
    storm += 1;
    everyone((device) => device.link.socket.close());
    mine.forEach((user) => change(user, (storm - 1) * CHANGES + 1, storm * CHANGES));
    setTimeout(() => {
      since = Date.now();
      everyone(come);
    }, AWAY_S * 1000);
    setTimeout(blow, (AWAY_S + BACK_S) * 1000);
  };
  everyone(come);
  setTimeout(blow, BACK_S * 1000);
}
