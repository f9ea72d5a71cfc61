#!/bin/sh
# PostgreSQL and strace for the tests that need them. Without them, and without the right to
# install them, those tests skip and say so; with CI=true they fail.
set -eu

missing=""
if ! command -v initdb >/dev/null 2>&1 && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    missing="$missing postgresql"
fi
if [ "$(uname)" = Linux ] && ! command -v strace >/dev/null 2>&1; then
    missing="$missing strace"
fi
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing for the tests:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 - a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
    exit 0
fi
echo "Not installed, so some tests will be skipped:$missing" >&2
