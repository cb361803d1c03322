#!/usr/bin/env bash
# gitlab-ci-local 4.75.1 (npm) on Node 22: with `--force-shell-executor` a job that names an image runs in the folder of the
# repository all the same, and CI_PROJECT_DIR names another one, /builds/GROUP/PROJECT, which is not there. Without an image
# it names the right one. On GitLab's own shell runner the two are the same
# (https://docs.gitlab.com/ci/variables/predefined_variables/). What writes into $CI_PROJECT_DIR, as artifacts must, fails under it until `--variable CI_PROJECT_DIR=...` is given.
# `--cwd` takes a relative path only. It needs rsync.
#
# Seen on 2026-11-29:
#   with-image > dir=/builds/acme/access there=no
#   without    > dir=FOLDER/access there=yes
#   with-image > dir=FOLDER/access there=yes        (with --variable)
#   Please use relative path for the --cwd option
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error gitlab-ci-local@4.75.1 node@22.23.3 >/dev/null
run() { "$folder/node_modules/node/bin/node" "$folder/node_modules/.bin/gitlab-ci-local" "$@" 2>&1 || true; }

git init -q -b main "$folder/access"
cd "$folder/access"
cat >.gitlab-ci.yml <<'YAML'
.look:
  script:
    - if [ -d "$CI_PROJECT_DIR" ]; then there=yes; else there=no; fi; echo "dir=$CI_PROJECT_DIR there=$there"
without:
  extends: .look
with-image:
  extends: .look
  image: debian:bookworm-slim
YAML
git add .gitlab-ci.yml
git -c user.name=Ada -c user.email=ada@acme.example commit -qm first
git remote add origin https://gitlab.example/acme/access.git

both=$(run --force-shell-executor)
grep '> dir=' <<<"$both" | sed "s|$folder|FOLDER|"
grep -q 'with-image > dir=/builds/acme/access there=no' <<<"$both"
grep -q "without    > dir=$PWD there=yes" <<<"$both"
told=$(run --force-shell-executor --variable "CI_PROJECT_DIR=$PWD" with-image)
grep '> dir=' <<<"$told" | sed "s|$folder|FOLDER|"
grep -q "dir=$PWD there=yes" <<<"$told"
absolute=$(run --force-shell-executor --cwd "$PWD" without)
grep 'relative path' <<<"$absolute"
