#!/bin/sh
# Unpacks the bundle that lies beside this file, and starts one of its scripts.
#
# usage: sh start.sh FOLDER run.sh|second.sh [OPTION…]     into FOLDER; unpacked only the first time
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
to=$1 script=$2
shift 2
archive=$(ls "$here"/semantik-device-*.tar.* | head -n 1)
inside=$to/$(basename "${archive%.tar.*}")
if ! [ -e "$inside/run.sh" ]; then
    mkdir -p "$to"
    # Not every machine has xz, and python3 has its own.
    tar -C "$to" -xf "$archive" 2>/dev/null ||
        python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$archive" "$to"
fi
exec "$inside/$script" "$@"
