#!/usr/bin/env bash
# Shows a plan as ONE comment of a pull request, which later plans edit.
#
# The comment is found again by the marker that it opens with and by its author: a comment of somebody else who quotes
# the marker is left alone.
#
# PLAN is the file that `plan --out` wrote. The `rollbook` of this job makes the text of it, so it may come from a job
# that nobody trusts: such a file can say what is not so, but its text does nothing. Without such a file, a comment
# that is there is told that its plan is out of date. NOTE is a sentence for the top. PLATFORM says whose API it is.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

author=${COMMENT_AUTHOR:-}
number=${NUMBER:-}
case ${PLATFORM:?} in
github)
    # https://docs.github.com/rest/issues/comments. GET /user is not for the token of a workflow.
    root=${GITHUB_API_URL:?}
    header Authorization "Bearer ${TOKEN:?}"
    author=${author:-github-actions[bot]}
    each='.[]' item='{ id, author: .user.login, body }'
    edit=PATCH content='{ body: . }'
    ;;
gitlab)
    # https://docs.gitlab.com/api/notes/#merge-requests
    root=${CI_API_V4_URL:?}
    header PRIVATE-TOKEN "${TOKEN:?}"
    whoami='.id | tostring'
    each='.[] | select(.system | not)' item='{ id, author: (.author.id | tostring), body }'
    edit=PUT content='{ body: . }'
    ;;
bitbucket)
    # https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/
    root=${BITBUCKET_API_URL:-https://api.bitbucket.org/2.0}
    if [ -n "${TOKEN_USER:-}" ]; then
        header Authorization "Basic $(printf '%s:%s' "$TOKEN_USER" "${TOKEN:?}" | base64 | tr -d '\n')"
    else
        header Authorization "Bearer ${TOKEN:?}"
    fi
    whoami=.uuid
    each='.values[] | select(.deleted | not)' item='{ id, author: .user.uuid, body: .content.raw }'
    edit=PUT content='{ content: { raw: . } }'
    ;;
*) fail "PLATFORM is none of github, gitlab, bitbucket" ;;
esac

# The open pull request of a branch whose newest commit is the one that was planned. What started this job names both;
# what a plan from outside says could name any pull request.
number_of_head() {
    list "$root/repos/$GITHUB_REPOSITORY/pulls?state=open&per_page=100&head=$(jq -rn --arg head "$1" '$head | @uri')" \
        '.[] | { number, sha: .head.sha }'
    jq -rs --arg sha "$2" '[.[] | select(.sha == $sha) | .number][0] // empty' "$work/items"
}

if [ "$PLATFORM" = github ] && [ -z "$number" ]; then
    number=$(number_of_head "${HEAD:?}" "${HEAD_SHA:?}")
    if [ -z "$number" ]; then
        say "No open pull request has this commit as its newest: there is nothing to say."
        exit 0
    fi
fi
case $number in '' | *[!0-9]*) fail "NUMBER is not the number of a pull request" ;; esac

case $PLATFORM in
github)
    comments=$root/repos/$GITHUB_REPOSITORY/issues/$number/comments
    one=$root/repos/$GITHUB_REPOSITORY/issues/comments
    ;;
gitlab)
    comments=$root/projects/${CI_PROJECT_ID:?}/merge_requests/$number/notes
    one=$comments
    ;;
bitbucket)
    comments=$root/repositories/${BITBUCKET_REPO_FULL_NAME:?}/pullrequests/$number/comments
    one=$comments
    ;;
esac

if [ -z "$author" ]; then
    request GET "$root/user" ||
        fail "GET /user failed with ${status:-nothing}; where a token may not ask it, COMMENT_AUTHOR says who it is"
    author=$(jq -r "$whoami" "$work/answer")
fi

# Bitbucket shows HTML as text. A link that nothing refers to is hidden there, and what was folded stands open.
for_bitbucket() {
    sed -e '1s|^<!-- \(.*\) -->$|[//]: # (\1)\n|' -e 's|^<details><summary>\(.*\)</summary>$|**\1**|' \
        -e '/^<\/details>$/d' -e 's|^<sub>\(.*\)</sub>$|\1|' "$1"
}

page=$work/page
if [ -s "${PLAN:?}" ]; then
    rollbook show "$PLAN" --format markdown >"$work/shown" || fail "the plan cannot be shown"
    marker_of "$work/shown" >/dev/null
    {
        head -n 1 "$work/shown"
        [ -z "${NOTE:-}" ] || printf '> %s\n\n' "$NOTE"
        tail -n +2 "$work/shown"
    } >"$page"
    [ "$PLATFORM" != bitbucket ] || { for_bitbucket "$page" >"$work/shown" && mv "$work/shown" "$page"; }
    marker=$(head -n 1 "$page")
elif [ "$PLATFORM" = bitbucket ]; then
    marker='[//]: # (rollbook-plan '
else
    marker='<!-- rollbook-plan '
fi

list "$comments?per_page=100&pagelen=100" "$each | $item"
jq -cs --arg author "$author" --arg marker "$marker" \
    '[.[] | select(.author == $author and ((.body // "") | startswith($marker)))][0] // empty' \
    "$work/items" >"$work/own"

if [ ! -s "$PLAN" ]; then
    if [ ! -s "$work/own" ]; then
        say "There is no plan, and no comment that shows one."
        exit 0
    fi
    {
        jq -r '.body | split("\n")[0] | rtrimstr("\r")' "$work/own"
        printf '\n### No plan\n\nThe newest commit could not be planned. Its check says why.\n'
    } >"$page"
fi
within "$page"
jq -Rs "$content" "$page" >"$work/body"

if [ -s "$work/own" ]; then
    if request "$edit" "$one/$(jq -r .id "$work/own")" "$work/body"; then
        say "The comment is up to date."
        exit 0
    fi
    # Somebody may have deleted it since.
    [ "$status" = 404 ] || fail "$edit of the comment failed with ${status:-nothing}: $(said)"
fi
ask POST "$comments" "$work/body"
posted=$(jq -r "$item | .author" "$work/answer")
[ "$posted" = "$author" ] ||
    fail "the comment is by '$posted' and not by '$author': set COMMENT_AUTHOR, else each run posts another"
say "The comment is posted."
