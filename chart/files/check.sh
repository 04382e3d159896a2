# Says everything that is wrong, not only the first, and fails if anything is.
faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
fine() { echo "fine: $*"; }

# Whoever ends it for being late takes what it has said with it.
end=$(($(date +%s) + LIMIT_SECONDS))
listens() { # what, addresses with commas: any one will do. Whoever enforces policies may take a moment to let this pod out.
  for _ in 1 2 3; do
    for address in $(echo "$2" | tr , ' '); do
      if [ "$(date +%s)" -ge "$end" ]; then fault "$1: no answer of $2 in the $LIMIT_SECONDS seconds for everything"; return; fi
      if timeout 10 nc -w 5 "${address%:*}" "${address##*:}" -e true 2>/dev/null; then fine "$1 listens at $address"; return; fi
    done
    sleep 1
  done
  fault "$1: nothing listens at $2"
}

digits=$(printf %s "$SIGNING_KEY" | tr -d '\n')
if [ -z "$digits" ] && [ "$GENERATE" = true ]; then fine "Secret $SIGNING_KEY_IS is made with this release"
elif [ -z "$digits" ]; then fault "there is no Secret $SIGNING_KEY_IS"
elif [ ${#digits} -lt 64 ]; then fault "Secret $SIGNING_KEY_IS is no signing key: 64 hexadecimal digits (openssl rand -hex 32)"
else fine "Secret $SIGNING_KEY_IS"; fi
# Those that have a value and no form.
number=0
while eval "is=\${NEEDED_${number}_IS:-}"; [ -n "$is" ]; do
  if eval "[ -n \"\$NEEDED_$number\" ]"; then fine "Secret $is"; else fault "there is no Secret $is"; fi
  number=$((number + 1))
done

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
