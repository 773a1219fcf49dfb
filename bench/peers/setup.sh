#!/usr/bin/env bash
# Makes a folder of Python packages with transformers for bench/peers, once, in the cache; prints its interpreter.
# About 5 GB of downloads, 8 GB on the disk. $PYTHON: a CPython 3.11 (default: python3).
set -euo pipefail
pins=$(cd "$(dirname "$0")" && pwd)/requirements.txt
venv=${RSR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rsr}/peers-$(sha256sum "$pins" | cut -c1-12)
if [ ! -x "$venv/bin/ready" ]; then
  echo "peers: installing transformers into $venv" >&2
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r "$pins" >&2
  printf '#!/bin/sh\n' > "$venv/bin/ready"
  chmod +x "$venv/bin/ready"
fi
echo "$venv/bin/python"
