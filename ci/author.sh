#!/usr/bin/env bash
# Sets the output `author`: the e-mail of who made a change, as the repository's administrators say.
#
# AUTHORS is a JSON object from logins to e-mails. LOGIN is who it was; where it is empty, the pull request that became
# GITHUB_SHA says it. Neither can be chosen by a change, as a commit's author can. Somebody unknown is nobody: without
# an author Rollbook refuses where it matters.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -n "${AUTHORS:-}" ] || exit 0
login=${LOGIN:-}
if [ -z "$login" ]; then
    root=${GITHUB_API_URL:?}
    header Authorization "Bearer ${TOKEN:?}"
    list "$root/repos/${GITHUB_REPOSITORY:?}/commits/${GITHUB_SHA:?}/pulls?per_page=100" \
        '.[] | select(.merged_at != null) | { sha: .merge_commit_sha, login: .user.login }'
    login=$(jq -rs --arg sha "$GITHUB_SHA" '[.[] | select(.sha == $sha) | .login][0] // empty' "$work/items")
fi
email=$(jq -r --arg login "$login" '.[$login] // empty' <<<"$AUTHORS") || fail "AUTHORS is not a JSON object"
case $email in *[!A-Za-z0-9.@_+-]*) fail "AUTHORS has an e-mail that is none" ;; esac
output author "$email"
