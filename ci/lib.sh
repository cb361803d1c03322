# shellcheck shell=bash
# What the scripts of this folder share: how a step ends, and how a platform's API is asked.
#
# A script says where it asks ($root) and how it proves who it is ($credential, a whole header), and then calls
# `ask` and `list`. The header goes to curl through its standard input, so that no list of processes shows it.

set -euo pipefail
# A trace would print the token.
{ set +x; } 2>/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# Sets an output of a step of GitHub's; elsewhere there are none.
output() { [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# What an API said went wrong, as one line that a runner takes no command from.
said() {
    local text
    text=$(jq -r '.message? // .error.message? // .error? // empty | tostring' "$work/answer" 2>/dev/null |
        tr -c '[:alnum:] .,;()/@_-' ' ' | cut -c 1-300) || true
    # It may repeat what it was sent.
    printf '%s' "${text//"${TOKEN:-}"/***}"
}

# Sends METHOD URL [FILE]: the answer is in $work/answer, and its status in $status. Fails above 399, too.
# Only a read is sent again: of a write nobody knows whether it was done.
request() {
    local arguments=(--silent --show-error --fail-with-body --max-time 60 --request "$1" --url "$2"
        --header 'Accept: application/json' --header 'User-Agent: rollbook-ci'
        --dump-header "$work/headers" --output "$work/answer" --write-out '%{http_code}')
    case $1 in GET) arguments+=(--retry 3 --retry-connrefused) ;; esac
    [ -z "${3:-}" ] || arguments+=(--header 'Content-Type: application/json' --data-binary "@$3")
    : >"$work/answer"
    status=$(printf 'header = "%s"\n' "$credential" | curl --config - "${arguments[@]}")
}

ask() { request "$@" || fail "$1 ${2#"$root"} failed with ${status:-nothing}: $(said)"; }

# Where a listing goes on: a `Link` header, or `next` in the body.
next_page() {
    local link
    link=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll][Ii][Nn][Kk]:.*<\([^>]*\)>; *rel="next".*/\1/p' | tail -n 1)
    [ -n "$link" ] || link=$(jq -r 'objects | .next // empty' "$work/answer")
    printf '%s' "$link"
}

# Reads a whole listing: what FILTER makes of each page of URL is in $work/items, one value a line.
list() {
    local url=$1 filter=$2 pages=0
    : >"$work/items"
    while [ -n "$url" ]; do
        # The token goes with every page.
        case $url in "$root"/*) ;; *) fail "a listing goes on at another place than $root" ;; esac
        pages=$((pages + 1))
        [ "$pages" -le 200 ] || fail "a listing has no end"
        ask GET "$url"
        jq -c "$filter" "$work/answer" >>"$work/items" || fail "a listing is not what it should be"
        url=$(next_page)
    done
}

# Makes a header of NAME and VALUE that curl can read, and nothing else.
header() {
    case $2 in '' | *[!\ -~]* | *\"* | *\\*) fail "the token is empty, or has characters that no token has" ;; esac
    credential="$1: $2"
}

# Ensures that PAGE opens with a marker of Rollbook's, and prints it. Only a marker finds the page again.
marker_of() {
    local marker
    IFS= read -r marker <"$1" || fail "there is no plan in $1"
    [[ $marker =~ ^\<!--\ rollbook-plan\ [A-Za-z0-9.:%-]+\ --\>$ ]] || fail "$1 is not a plan as Markdown"
    printf '%s' "$marker"
}


# GitHub's own limit is the smallest: 65,536 characters. A plan keeps within 60,000.
within() { [ "$(jq -Rs length "$1")" -le 65536 ] || fail "the page has more characters than a comment may have"; }
