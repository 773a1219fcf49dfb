#!/usr/bin/env bash
# Installs the build, compiles score_one.cc against it as the file says, checks what it prints; and that the library
# lets out nothing that its headers do not name.
#   check_installed.sh BUILD STUDENT ORACLE
set -euo pipefail
build=$1 student=$2 oracle=$3
here=$(cd "$(dirname "$0")" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" > "$prefix/log"
cd "$prefix"
for name in $(nm -DC --defined-only lib/librsr.so | sed -n 's/.* rsr::\([A-Za-z]*\).*/\1/p' | sort -u); do
  grep -qrw "$name" include/rsr || { echo "librsr.so exports rsr::$name, which no header names"; exit 1; }
done
cp "$here/score_one.cc" .
command=$(sed -n 's|^//   \(g++ .*\)|\1|p' score_one.cc)
echo "$command"
eval "${command//P\//$prefix/}"
"$prefix/bin/rsr" --version
python3 "$here/check_score_one.py" ./score_one "$student" "$oracle"
