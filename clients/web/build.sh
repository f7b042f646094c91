#!/bin/sh
# Builds what browsers load and copies it to where the service serves it from. Without npm, or without a network at the
# first build, it says so in one line: pages then work without charts and without the embeddable pieces.
cd "$(dirname "$0")" || exit 1

without() {
    echo "$1: pages will show tables instead of charts, and no embeddable pieces (see docs/embedding.md)"
    exit 0
}

command -v npm >/dev/null 2>&1 || without "npm is not installed"
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --prefer-offline --fetch-retries=1 --fetch-timeout=20000 --no-audit --no-fund >/dev/null 2>&1 ||
        without "npm could not install what clients/web needs"
    touch node_modules/.package-lock.json
fi
npm run --silent build
