# Says everything that is wrong, not only the first, and fails if anything is.
faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
fine() { echo "fine: $*"; }

listens() { # what, addresses with commas: any one will do. Whoever enforces policies may take a moment to let this pod out.
  for _ in 1 2 3; do
    for address in $(echo "$2" | tr , ' '); do
      if nc -w 5 "${address%:*}" "${address##*:}" -e true 2>/dev/null; then fine "$1 listens at $address"; return; fi
    done
    sleep 1
  done
  fault "$1: nothing listens at $2"
}

absent() { # Secret: the release makes it, or somebody has to
  if [ "$GENERATE" = true ]; then fine "Secret $1 is made with this release"; else fault "there is no Secret $1"; fi
}

digits=$(printf %s "$SIGNING_KEY" | tr -d '\n')
if [ -z "$digits" ]; then absent "$SIGNING_KEY_IS"
elif [ ${#digits} -lt 64 ]; then fault "Secret $SIGNING_KEY_IS is no signing key: 64 hexadecimal digits (openssl rand -hex 32)"
else fine "Secret $SIGNING_KEY_IS"; fi
if [ -n "$DAPR_TOKEN" ]; then fine "Secret $DAPR_TOKEN_IS"; else absent "$DAPR_TOKEN_IS"; fi
if [ -n "$APP_TOKEN" ]; then fine "Secret $APP_TOKEN_IS"; else absent "$APP_TOKEN_IS"; fi

if [ -n "$DATABASE_IS" ]; then
  case $DATABASE in
    '') fault "there is no Secret $DATABASE_IS" ;;
    *://*) # postgresql://user:password@host:port/database
      server=${DATABASE#*://}; server=${server%%/*}; server=${server%%\?*}; server=${server##*@} ;;
    *) # host=… port=…
      for word in $DATABASE; do
        case $word in host=*) host=${word#host=} ;; port=*) port=${word#port=} ;; esac
      done
      server=$host:${port:-5432} ;;
  esac
  case $server in '' | :*) [ -z "$DATABASE" ] || fault "Secret $DATABASE_IS names no host" ;;
    *:*) listens PostgreSQL "$server" ;;
    *) listens PostgreSQL "$server:5432" ;;
  esac
fi
[ -z "$REDIS" ] || listens Redis "$REDIS"
[ -z "$BROKERS" ] || listens Kafka "$BROKERS"
[ -z "$MAIL_SERVER" ] || listens "the mail server" "$MAIL_SERVER"
[ "$faults" = 0 ]
