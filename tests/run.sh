#!/bin/sh
# Everything CI checks, in the order in which a mistake is cheapest. Called by `make test` with the venv on the PATH.
set -eu
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

if ! command -v "${COUNTENANCE_CHROMIUM:-chromium}" >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    step "Chromium for the browser tests"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 ||
        echo "chromium could not be installed: the browser tests will skip by name"
fi

if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    step "PostgreSQL for the tests of the store"
    # The package starts a server of its own by default; the tests start theirs.
    mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null 2>&1 ||
        echo "PostgreSQL could not be installed: its tests will skip by name"
fi

if ! { command -v strace && command -v faketime; } >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    step "strace and faketime for the tests with faults"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends strace faketime; } >/dev/null 2>&1 ||
        echo "strace or faketime could not be installed: the tests that need them will skip by name"
fi

if ! { command -v janus && command -v ffmpeg && command -v turnserver; } >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    step "Janus, coturn and ffmpeg for the tests of taps"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends janus coturn ffmpeg iproute2; } >/dev/null 2>&1 ||
        echo "Janus, coturn or ffmpeg could not be installed: the tests that need them will skip by name"
fi

if ! command -v espeak-ng >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    step "eSpeak NG for the tests of training"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends espeak-ng; } >/dev/null 2>&1 ||
        echo "espeak-ng could not be installed: the tests that need it will skip by name"
fi

step "Format and lint"
ruff format --check src research tests bench
ruff check src research tests bench

step "Types"
mypy -n 2 src research/src tests bench

step "Floors"
lint-imports

if command -v npm >/dev/null 2>&1 && ! [ clients/verify/node_modules/.package-lock.json -nt clients/verify/package-lock.json ]; then
    step "The type checker of the second verifier"
    (cd clients/verify && npm ci --prefer-offline --fetch-retries=1 --fetch-timeout=20000 --no-audit --no-fund >/dev/null 2>&1) ||
        echo "npm could not install the type checker: the test of the verifier's types will skip by name"
fi

# Stores wait for the disk at every commit; in memory, where there is room, the tests of them take a third of the time.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 4000000 ]; then
    export TMPDIR=/dev/shm
fi

# Files of tests are shared out over processes, each whole: what a file makes once, it makes once.
step "Tests"
pytest -n "${COUNTENANCE_TEST_PROCESSES:-2}" --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered --cov-fail-under=100
