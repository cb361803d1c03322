#!/usr/bin/env bash
# Keeps ONE issue of a GitHub repository as long as live is not as the tree asks, and closes it afterwards.
#
# It is found again as a comment is: by the marker that it opens with, and by its author. OUT is the folder that
# `plan.sh` filled.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=${OUT:-rollbook-plan}
root=${GITHUB_API_URL:?}
issues=$root/repos/${GITHUB_REPOSITORY:?}/issues
author=${COMMENT_AUTHOR:-github-actions[bot]}
header Authorization "Bearer ${TOKEN:?}"

# Without a plan nobody knows, and the issue stays as it is.
marker=$(marker_of "$out/plan.md")
marker=${marker/rollbook-plan/rollbook-drift}

list "$issues?state=open&per_page=100" \
    '.[] | select(.pull_request | not) | { number, author: .user.login, body }'
number=$(jq -rs --arg author "$author" --arg marker "$marker" \
    '[.[] | select(.author == $author and ((.body // "") | startswith($marker))) | .number][0] // empty' "$work/items")

if [ "$(cat "$out/code")" = 0 ]; then
    if [ -n "$number" ]; then
        printf '{ "state": "closed", "state_reason": "completed" }' >"$work/body"
        ask PATCH "$issues/$number" "$work/body"
        say "Issue $number is closed: live is as the tree asks."
    fi
    exit 0
fi

{
    printf '%s\nLive is not as the newest tree asks. Declare what is right, or apply.\n' "$marker"
    [ -z "${RUN_URL:-}" ] || printf 'Seen by %s\n' "$RUN_URL"
    printf '\n'
    tail -n +2 "$out/plan.md"
} >"$work/page"
within "$work/page"
host=${marker#<!-- rollbook-drift }
jq -Rs --arg title "Access differs at ${host% -->}" '{ title: $title, body: . }' "$work/page" >"$work/body"
if [ -n "$number" ]; then
    ask PATCH "$issues/$number" "$work/body"
    say "Issue $number is up to date."
else
    ask POST "$issues" "$work/body"
    say "Issue $(jq -r .number "$work/answer") is open."
fi
