#!/usr/bin/env bash
# Plans, and leaves what others need in the folder $OUT: plan.md for a comment, plan.json for `show`, and `code`.
#
# TREE is the folder of the tree; BASE, AUTHOR, LIVE and REASON, where they are set, become the options of that name.
# An outcome that a reviewer must not miss fails the step: nothing could be planned, or a guard refused.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=${OUT:-rollbook-plan}
tree=${TREE:-.}
mkdir -p "$out"
rm -f "$out/plan.md" "$out/plan.json" "$out/code"

arguments=(plan -C "$tree" --format markdown --out "$out/plan.json" --detailed-exitcode)
# A platform says so where a branch is new: there is nothing before it.
case ${BASE:-} in *[!0]*) arguments+=("--base=$BASE") ;; esac
[ -z "${AUTHOR:-}" ] || arguments+=("--author=$AUTHOR")
[ -z "${LIVE:-}" ] || arguments+=("--live=$LIVE")
[ -z "${REASON:-}" ] || arguments+=("--reason=$REASON")

code=0
# Not into the folder at once: a new file there would make the work tree differ from its commit.
rollbook "${arguments[@]}" >"$work/plan.md" || code=$?
mv "$work/plan.md" "$out/plan.md"
printf '%s\n' "$code" >"$out/code"
output exit-code "$code"

if [ ! -s "$out/plan.json" ]; then
    rm -f "$out/plan.md" "$out/plan.json"
    say "error: there is no plan (exit $code)"
    exit "$((code == 0 ? 1 : code))"
fi

output plan "$out/plan.json"
output changes "$(jq '.operations | length > 0' "$out/plan.json")"
output fingerprint "$(jq -r '.fingerprint | select(test("^[0-9a-f]{64}$"))' "$out/plan.json")"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$out/plan.md" >>"$GITHUB_STEP_SUMMARY"
else
    rollbook show "$out/plan.json"
fi

case $code in
0 | 2) ;;
6) say "note: something is blocked; the plan says what" ;;
*) exit "$code" ;;
esac
