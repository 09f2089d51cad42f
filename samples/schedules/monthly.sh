#!/bin/sh
# One tenant's monthly run, for cron, systemd and containers: asks again what stayed open, keeps a year of runs, and ends
# with the code of the last try (0 done, 2 usage, 3 sign-in, 4 rows not assessed, 5 resumable, 10 a threshold exceeded).
#
#   monthly.sh TENANT [further arguments of `ewsready assess`]
#
# From the environment, all optional:
#   EWSREADY         the program                                     [ewsready]
#   EWSREADY_HOME    folder with ewsready.toml, roster and store     [.]
#   EWSREADY_ROSTER  the roster; empty: the one of the profile
#   EWSREADY_SHARED  folder on a network share that keeps the store between runs as TENANT.sqlite. The run itself works
#                    on a copy on this machine's own disk: SQLite's journal is not safe on a network share.
#   EWSREADY_TRIES   runs at most                                    [5]
#   EWSREADY_WAIT    seconds between them                            [900]
#   EWSREADY_KEEP    runs that are kept of each tenant               [12]
set -eu

tenant=${1:?name the tenant: monthly.sh TENANT}
shift
program=${EWSREADY:-ewsready}
cd "${EWSREADY_HOME:-.}"
store="$PWD/$tenant.sqlite"
shared=${EWSREADY_SHARED:-}
if [ -n "$shared" ] && [ -f "$shared/$tenant.sqlite" ]; then
    cp "$shared/$tenant.sqlite" "$store"
fi
out="reports/$tenant/$(date -u +%Y-%m)"

# Whether the last run has questions that asking again could answer.
open() {
    "$program" runs --store "$store" | tail -n 1 | grep -q 'asks them again'
}

try=1
while :; do
    code=0
    "$program" assess ${EWSREADY_ROSTER:+"$EWSREADY_ROSTER"} --tenant "$tenant" --store "$store" --out "$out" --quiet "$@" ||
        code=$?
    case $code in
        5) ;;
        4) open || break ;;
        *) break ;;
    esac
    [ "$try" -lt "${EWSREADY_TRIES:-5}" ] || break
    try=$((try + 1))
    sleep "${EWSREADY_WAIT:-900}"
done

if [ -f "$store" ]; then
    "$program" runs prune --keep "${EWSREADY_KEEP:-12}" --store "$store" --quiet || true
    if [ -n "$shared" ]; then
        # Whole or not at all, also on the share.
        cp "$store" "$shared/.$tenant.sqlite.new"
        mv "$shared/.$tenant.sqlite.new" "$shared/$tenant.sqlite"
    fi
fi
exit "$code"
