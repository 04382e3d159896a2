# The main job, as a client does it: an account, a recurring task, its completion and the next one, a reminder at its second, all of it on
# a socket, and a record that verifies. BusyBox is enough: a frame of a client is masked with zeros, which changes nothing.
set -u
fail() { echo "FAILED: $*"; exit 1; }
say() { echo "ok: $*"; }
call() { # path, body; GET without a body
  if [ $# = 2 ]; then
    wget -q -O - --header 'content-type: application/json' --header "authorization: Bearer $TOKEN" --post-data "$2" "http://$API$1"
  else
    wget -q -O - --header "authorization: Bearer $TOKEN" "http://$API$1"
  fi
}
field() { # the first string of that name
  grep -o "\"$1\" *: *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}
until_said() { # seconds, what, pattern, command...
  seconds=$1 what=$2 pattern=$3; shift 3
  for _ in $(seq "$seconds"); do
    "$@" 2>/dev/null | grep -q "$pattern" && { say "$what"; return; }
    sleep 1
  done
  "$@"; fail "$what: not within $seconds s"
}
octal() { printf '\\%03o' "$1"; }

TOKEN=
until_said 60 'the API is ready' ready call /readyz
until_said 60 'sync is ready' ready wget -q -O - "http://$SYNC_HOST:$SYNC_PORT/readyz"
[ "$REGISTRATION" = open ] || { echo 'registration is closed: no account, so no more than this'; exit 0; }

email=helm-test-$(date +%s)-$$@example.org
TOKEN=$(call /v1/users "{\"email\":\"$email\",\"password\":\"$(head -c 24 /dev/urandom | base64)\",\"time_zone\":\"Europe/Paris\"}" | field token)
[ -n "$TOKEN" ] || fail 'no account'
say 'an account'

say_hello() { # cursor
  hello="{\"type\":\"hello\",\"token\":\"$TOKEN\",\"cursor\":$1}"
  size=${#hello}
  [ "$size" -gt 125 ] || fail "a hello of $size bytes: longer ones were expected"
  printf 'GET /v1/sync HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' "$SYNC_HOST"
  sleep 1
  # A text, final; its length in two bytes; the mask; what it says.
  printf "\\201\\376$(octal $((size / 256)))$(octal $((size % 256)))\\000\\000\\000\\000"
  printf %s "$hello"
}
hear() { # cursor; until the server or the network ends it
  rm -f /tmp/said
  mkfifo /tmp/said
  { say_hello "$1"; exec sleep 90; } > /tmp/said &
  nc "$SYNC_HOST" "$SYNC_PORT" < /tmp/said >> /tmp/socket
  kill $! 2>/dev/null
}
keep_hearing() { # comes back with the last cursor where it is told that the server restarts, and only there
  cursor=null
  for _ in $(seq 10); do
    hear "$cursor"
    # Code and reason of the frame that closes.
    [ "$(tail -c 9 /tmp/socket)" = "$(printf '\003\364restart')" ] || return
    last=$(grep -o '"cursor" *: *"[^"]*"' /tmp/socket | tail -n 1 | cut -d '"' -f 4)
    [ -z "$last" ] || cursor="\"$last\""
    sleep 1
  done
}
: > /tmp/socket
keep_hearing &
until_said 15 'a socket' '"type" *: *"ready"' cat /tmp/socket

task=$(call /v1/tasks '{"title":"Water the plants","due":{"at":"2031-03-03T08:00:00","time_zone":"Europe/Paris"},"recurrence":{"rrule":"FREQ=WEEKLY;BYDAY=MO"}}' | field id)
[ -n "$task" ] || fail 'no task'
say 'a recurring task'
call "/v1/tasks/$task/complete" '' > /dev/null || fail 'not completed'
until_said 15 'the next occurrence' 2031-03-10 call '/v1/tasks?q=plants'

now=$(date +%s)
at=$(date -u -d "@$((now + 4))" +%Y-%m-%dT%H:%M:%SZ)
call /v1/tasks "{\"title\":\"Tea\",\"reminders\":[{\"at\":\"$at\"}]}" > /dev/null || fail 'no task with a reminder'
until_said 20 'a reminder' Tea call /v1/notifications

until_said 15 'the task on the socket' dev.punctual.task.state.v1 cat /tmp/socket
until_said 15 'the reminder on the socket' dev.punctual.reminder.fired.v1 cat /tmp/socket
until_said 30 'a record that verifies' '"valid" *: *true' call /v1/audit/verify
echo 'the main job is done'
