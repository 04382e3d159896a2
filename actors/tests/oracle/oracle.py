"""What python-dateutil makes of recurrence rules: one line in, one line out.

In: rule, start, zone and how many, between tabs. Out: `done`, `late` (the time for one rule ran out; what follows is how far it came) or
`error` and a reason, then the occurrences, between tabs: wall time, `!` where clocks skip it, and the instant. The time is that of the processor, so that a busy
machine changes nothing.
"""

import datetime
import signal
import sys

from dateutil import tz
from dateutil.rrule import rrulestr

SECONDS_FOR_A_RULE = float(sys.argv[1])
HORIZON = datetime.datetime(2200, 1, 1)
# Beyond it python-dateutil keeps the last offset its files state.
LAST_KNOWN_CHANGE = datetime.datetime(2037, 1, 1)


class Late(Exception):
    pass


def give_up(_signal, _frame):
    raise Late


def occurrence(wall, zone):
    if wall >= LAST_KNOWN_CHANGE:
        return f"{wall.isoformat()}="
    local = wall.replace(tzinfo=zone)
    skipped = "" if tz.datetime_exists(local) else "!"
    instant = tz.resolve_imaginary(local).astimezone(tz.UTC)
    return f"{wall.isoformat()}{skipped}={instant:%Y-%m-%dT%H:%M:%S}"


def answer(rule, start, zone, count):
    found = []
    state = "done"
    # The alarm may also ring while it is being turned off: whatever it interrupts is inside the outer block.
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_FOR_A_RULE)
        try:
            for wall in rrulestr(rule, dtstart=datetime.datetime.fromisoformat(start)):
                if wall >= HORIZON:
                    break
                found.append(wall)
                if len(found) == int(count):
                    break
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except Late:
        state = "late"
    except Exception as error:
        state = f"error {type(error).__name__}: {error}"
    zone = tz.gettz(zone)
    return "\t".join([state, *(occurrence(wall, zone) for wall in found)])


signal.signal(signal.SIGVTALRM, give_up)
for line in sys.stdin:
    print(answer(*line.rstrip("\n").split("\t")), flush=True)
