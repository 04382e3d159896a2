# Makes the data folder where there is none, then is the server: fsync on, a password for everybody.
set -e
if [ ! -s /data/db/PG_VERSION ]; then
  # A first attempt may have been cut short.
  rm -rf /data/db
  (umask 077; printf %s "$PASSWORD" > /tmp/password)
  "$PROGRAMS/initdb" -D /data/db --username punctual --pwfile /tmp/password --auth scram-sha-256 --encoding UTF8 --locale C
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> /data/db/pg_hba.conf
fi
exec "$PROGRAMS/postgres" -D /data/db -h '*' -k /tmp -c fsync=on -c synchronous_commit=on -c max_connections="$MAX_CONNECTIONS"
