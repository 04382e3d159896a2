"""How long `recurrent` takes for each text of a list, a JSON string a line: the median in seconds, or why there is none, a line each."""

import datetime
import json
import signal
import statistics
import sys
import time

from recurrent import RecurringEvent

# As often as Rust's side needs for a median; what is slow is asked fewer times.
TRIES, ENOUGH_S, LIMIT_S = 25, 0.5, 5


def give_up(_signal, _frame):
    raise TimeoutError(f"over {LIMIT_S} s")


def median(text):
    times = []
    signal.alarm(LIMIT_S)
    try:
        while len(times) < TRIES and sum(times) < ENOUGH_S:
            begun = time.perf_counter()
            RecurringEvent(now_date=datetime.datetime(2026, 12, 3, 10)).parse(text)
            times.append(time.perf_counter() - begun)
    except TimeoutError as error:
        return statistics.median(times) if times else error
    except Exception as error:
        return type(error).__name__
    finally:
        signal.alarm(0)
    return statistics.median(times)


signal.signal(signal.SIGALRM, give_up)
for line in sys.stdin:
    print(median(json.loads(line)), flush=True)
