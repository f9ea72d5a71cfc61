#!/bin/sh
# Make sure that a Chromium the browser tests can drive is on this machine, or say how to get one.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
for app in "Google Chrome" Chromium; do
    if [ -d "/Applications/$app.app" ]; then exit 0; fi
done
if [ -n "${BROWSER_FOR_TESTS:-}" ]; then exit 0; fi

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-liberation >/dev/null
    exit 0
fi

echo "The browser tests need Chromium or Google Chrome. Install one (Debian and Ubuntu:" >&2
echo "sudo apt-get install chromium), or name one in BROWSER_FOR_TESTS." >&2
echo "Everything else runs with: make test-fast" >&2
exit 1
