#!/bin/sh
# Judges fresh data and the service, and retrains where that failed. For cron, in a clone of its own:
#
#   17 3 * * *  cd /srv/churn && ./monitor.sh ./retrain.sh
#
# Exit 1, and only it, means retrain. 3 is "could not tell": cron mails it, people look at it.
set -u
git pull --quiet --ff-only || exit 3
code=0
mlgate check --stage monitor || code=$?
[ "$code" -eq 1 ] || exit "$code"
exec "$@"
