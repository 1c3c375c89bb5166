#!/usr/bin/env bash
# Tests of pulling need a PostgreSQL server. Use the one that is here; else install Debian's, where we may.
set -euo pipefail
for initdb in /usr/lib/postgresql/*/bin/initdb; do
  if [ -x "$initdb" ]; then exit 0; fi
done
if command -v initdb >/dev/null; then exit 0; fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing PostgreSQL for the tests of pulling …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends postgresql >/dev/null
else
  echo "No PostgreSQL found and no right to install it: the tests that pull a table will skip, saying so."
fi
