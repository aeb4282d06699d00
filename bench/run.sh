#!/usr/bin/env bash
# bench/run under its former name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PEER_MEDIAMTX=${PEER_MEDIAMTX:-${MEDIAMTX:-}}
exec go run ./bench/run -runs 1 "$@"
