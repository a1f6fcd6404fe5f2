#!/usr/bin/env bash
# build.sh OUTPUT [CLANG_OPTION...]: compiles this program and the kernels. Options are for another target, as in
#   build.sh kernels-arm64 --target=aarch64-linux-gnu -static
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
output=$(realpath -m "$1")
shift
kernels=$here/../../Sources/CKernels
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
flags=(-std=c11 -D_GNU_SOURCE -O3 -ffp-contract=off -Wall -Wextra -Werror -Wno-unused-command-line-argument -pthread
    "-I$kernels/include")

mapfile -t sources < <(find "$kernels" "$here" -name '*.c' | sort)
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I{} sh -c \
    'source=$1; shift; exec "$@" -c "$source" -o "$0/$(echo "$source" | tr / _).o"' \
    "$objects" {} "${CC:-clang}" "${flags[@]}" "$@"
"${CC:-clang}" "${flags[@]}" "$@" "$objects"/*.o -lm -o "$output"
