#!/bin/sh
# What the official PostgreSQL image does at its start, as far as it is used here: makes the cluster of POSTGRES_USER once,
# lets everybody in with a password, then becomes the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 \
    --encoding=UTF8 --no-locale --locale-provider=builtin --builtin-locale=C.UTF-8 --no-instructions
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
