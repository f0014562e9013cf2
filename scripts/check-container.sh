#!/bin/sh
# Builds the image, starts it as docker-compose.yml says, and looks at the rights that the process really has.
# Needs a Docker engine with Compose. Ends with 0 when all holds, and leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."

project="oncebox-check-$$"
WEBHOOK_SECRET="hidden-$$-$(date +%s)"
export WEBHOOK_SECRET
failed=0

compose() { docker compose --project-name "$project" "$@"; }
trap 'compose down --volumes --rmi local >/dev/null 2>&1 || true' EXIT
within() { docker exec "$container" sh -c "$1"; }
holds() {
  if [ "$2" = "$3" ]; then echo "ok    $1"; else
    echo "FAIL  $1: '$2' instead of '$3'"
    failed=1
  fi
}

docker info >/dev/null || { echo 'no Docker engine answers: nothing was checked' >&2; exit 2; }
compose build --quiet api
# As `up` does, but with no port of the machine taken.
container=$(compose run --detach --no-deps api)
image=$(docker inspect --format '{{.Image}}' "$container")
tries=0
until within 'node /app/scripts/healthcheck.ts' >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { docker logs "$container" >&2; echo 'FAIL  it never became ready' >&2; exit 1; }
  sleep 1
done

status() { within "sed -n 's/^$1:[[:space:]]*//p' /proc/1/status"; }
writes() { within "touch $1/x 2>/dev/null && rm $1/x && echo yes || echo no"; }
leaks() { if grep -q "$WEBHOOK_SECRET"; then echo yes; else echo no; fi; }

holds 'it runs as a user without rights' "$(within 'id -u')" 1000
holds 'it has no capability' "$(status CapEff)" 0000000000000000
holds 'and can get none' "$(status CapBnd)" 0000000000000000
holds 'no program gives it more rights' "$(status NoNewPrivs)" 1
holds 'its own files cannot be changed' "$(writes /app)" no
holds 'nor those of the system' "$(writes /etc)" no
holds 'the data can be written' "$(writes /data)" yes
holds 'the database is for its owner alone' "$(within 'stat -c %a /data/app.db')" 600
holds 'the secret is not in the history of the image' \
  "$(docker history --no-trunc "$image" | leaks)" no
holds 'nor in what the image is set to' "$(docker image inspect "$image" | leaks)" no
holds 'nor in the command line' "$(within 'tr "\0" " " </proc/1/cmdline' | leaks)" no
holds 'nor in the log' "$(docker logs "$container" 2>&1 | leaks)" no
docker rm --force "$container" >/dev/null
exit "$failed"
