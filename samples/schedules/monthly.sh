#!/bin/sh
# One tenant's monthly run, for cron, systemd and containers: asks again what stayed open, keeps a year of runs, and ends
# with the code of the last try (0 done, 2 usage, 3 sign-in, 4 rows not assessed, 5 resumable, 10 a threshold exceeded).
#
#   monthly.sh TENANT [further arguments of `ewsready assess`]
#
# From the environment, all optional:
#   EWSREADY          the program                                     [ewsready]
#   EWSREADY_HOME     folder with ewsready.toml, roster and store     [.]
#   EWSREADY_ROSTER   the roster; empty: the one of the profile
#   EWSREADY_REPORTS  folder of the reports, by tenant and month      [reports]
#   EWSREADY_SHARED   folder on a network share that keeps the store between runs as TENANT.sqlite. The run itself works
#                     on a copy on this machine's own disk: SQLite's journal is not safe on a network share.
#   EWSREADY_TRIES    runs at most                                    [5]
#   EWSREADY_WAIT     seconds between them                            [900]
#   EWSREADY_KEEP     runs that are kept of each tenant               [12]
set -eu
# Stores and reports hold personal data: they are for this account alone.
umask 077

tenant=${1:?name the tenant: monthly.sh TENANT}
shift
program=${EWSREADY:-ewsready}
cd "${EWSREADY_HOME:-.}"
store="$PWD/$tenant.sqlite"
shared=${EWSREADY_SHARED:-}
out="${EWSREADY_REPORTS:-reports}/$tenant/$(date -u +%Y-%m)"

# Whoever stops this script stops what it runs: a shell that is a container's first process passes no signal on by itself.
child=
stopped=
trap 'stopped=1; if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null || :; fi' TERM INT

# Runs a command to its end and keeps its code, also when a signal wakes the waiting.
run() {
    "$@" &
    child=$!
    code=0
    wait "$child" || code=$?
    while kill -0 "$child" 2>/dev/null; do
        code=0
        wait "$child" || code=$?
    done
    child=
}

# Whether the last run has questions that asking again could answer.
open() {
    "$program" runs --store "$store" | tail -n 1 | grep -q 'asks them again'
}

if [ -n "$shared" ]; then
    # Two copies of one store would overwrite each other's run. The lock ends with this process.
    if command -v flock >/dev/null; then
        exec 9>"$shared/.$tenant.lock"
        flock -n 9 || {
            echo "another run of $tenant works on $shared/$tenant.sqlite; wait until it has ended" >&2
            exit 2
        }
    else
        echo "no flock on this machine: see to it that runs of $tenant do not overlap" >&2
    fi
    if [ -f "$shared/$tenant.sqlite" ]; then
        cp "$shared/$tenant.sqlite" "$store"
    fi
fi

try=1
while :; do
    run "$program" assess ${EWSREADY_ROSTER:+"$EWSREADY_ROSTER"} --tenant "$tenant" --store "$store" --out "$out" --quiet "$@"
    result=$code
    [ -z "$stopped" ] || break
    case $result in
        5) ;;
        4) open || break ;;
        *) break ;;
    esac
    [ "$try" -lt "${EWSREADY_TRIES:-5}" ] || break
    try=$((try + 1))
    run sleep "${EWSREADY_WAIT:-900}"
    [ -z "$stopped" ] || break
done

if [ -f "$store" ]; then
    "$program" runs prune --keep "${EWSREADY_KEEP:-12}" --store "$store" --quiet || true
    if [ -n "$shared" ]; then
        # Whole or not at all, also on the share.
        cp "$store" "$shared/.$tenant.sqlite.new"
        mv "$shared/.$tenant.sqlite.new" "$shared/$tenant.sqlite"
    fi
fi
exit "$result"
