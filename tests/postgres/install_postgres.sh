#!/usr/bin/env bash
# Tests against PostgreSQL need a server. Use the one that is here; else install Debian's, where we may.
set -euo pipefail
if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing PostgreSQL for the tests …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  # Its own cluster is not wanted: the tests start one in a temporary folder.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
  apt-get -qq install -y --no-install-recommends postgresql >/dev/null
else
  echo "No PostgreSQL found and no right to install it: the tests against it will skip, saying so."
fi
