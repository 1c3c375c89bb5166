#!/usr/bin/env bash
# Browser tests need a Chromium. Use the one that is here; else install Debian's, where we may.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends chromium >/dev/null
else
  echo "No Chromium found and no right to install it: the browser tests will skip, saying so."
fi
