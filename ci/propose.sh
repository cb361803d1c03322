#!/usr/bin/env bash
# Proposes what `rollbook prune` took out of the work tree, as ONE pull request of GitHub's from a branch of its own.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tree=${TREE:-.}
branch=rollbook/prune
pulls=${GITHUB_API_URL:?}/repos/${GITHUB_REPOSITORY:?}/pulls
root=$GITHUB_API_URL
header Authorization "Bearer ${TOKEN:?}"

if git -C "$tree" diff --quiet -- .; then
    say "Nothing has come to its end."
    exit 0
fi
git -C "$tree" -c user.name='github-actions[bot]' \
    -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
    commit --quiet --message 'Take out access that has come to its end' -- .

# git reads the header from its environment, so that no list of processes shows it.
GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 | tr -d '\n')"
export GIT_CONFIG_VALUE_0 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:?}/.extraheader"
# The branch is this script's alone: what it held before is proposed anew.
git -C "$tree" push --quiet --force origin "HEAD:refs/heads/$branch" || fail "the branch $branch cannot be pushed"

list "$pulls?state=open&head=${GITHUB_REPOSITORY%%/*}%3A${branch/\//%2F}&per_page=100" '.[].number'
number=$(head -n 1 "$work/items")
if [ -n "$number" ]; then
    say "Pull request $number is up to date."
    exit 0
fi
jq -n --arg head "$branch" --arg base "${GITHUB_REF_NAME:?}" '{
    head: $head, base: $base,
    title: "Take out access that has come to its end",
    body: "The day of these lines has come, and live no longer has whom they brought. Merging this changes nothing on the site."
}' >"$work/body"
ask POST "$pulls" "$work/body"
say "Pull request $(jq -r .number "$work/answer") is open."
