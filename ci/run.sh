#!/usr/bin/env bash
# Does what the action's input `command` says.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
case ${COMMAND:?} in
install) ;;
check) rollbook check -C "${TREE:-.}" --format "${CHECK_FORMAT:-text}" ;;
plan) "$here/plan.sh" ;;
apply) "$here/apply.sh" ;;
comment) PLAN=${OUT:?}/plan.json "$here/comment.sh" ;;
issue) "$here/issue.sh" ;;
prune) rollbook prune -C "${TREE:-.}" ;;
propose) "$here/propose.sh" ;;
*)
    echo "error: the command is none of install, check, plan, comment, apply, issue, prune, propose" >&2
    exit 64
    ;;
esac
