#!/usr/bin/env bash
# Applies, and leaves the journal and the report in the folder $OUT. The exit code is that of `rollbook apply`.
#
# TREE is the folder of the tree; BASE, AUTHOR and REASON, where they are set, become the options of that name.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=${OUT:-rollbook-apply}
mkdir -p "$out"

arguments=(apply -C "${TREE:-.}" --yes --journal "$out/journal.jsonl")
case ${BASE:-} in *[!0]*) arguments+=("--base=$BASE") ;; esac
[ -z "${AUTHOR:-}" ] || arguments+=("--author=$AUTHOR")
[ -z "${REASON:-}" ] || arguments+=("--reason=$REASON")

code=0
rollbook "${arguments[@]}" | tee "$out/report.txt" || code=$?
output exit-code "$code"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    # A fence that is longer than any run of backticks in it.
    ticks=$({ grep -o '`*' "$out/report.txt" || true; } | awk '{ if (length > most) most = length } END { print most + 0 }')
    fence=$(printf '%*s' "$((ticks < 3 ? 3 : ticks + 1))" '' | tr ' ' '`')
    printf '%stext\n%s\n%s\n' "$fence" "$(head -c 500000 "$out/report.txt")" "$fence" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
