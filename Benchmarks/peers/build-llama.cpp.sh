#!/usr/bin/env bash
# Builds llama.cpp's tools for this CPU from the source that the llama-cpp-python package on PyPI carries.
#   Benchmarks/peers/build-llama.cpp.sh FOLDER
# Leaves FOLDER/build/bin/{llama-bench,llama-batched-bench,llama-completion,llama-quantize,
#   llama-tokenize,llama-perplexity,llama-imatrix,llama-server}. Needs a C++ compiler, git, Python.
set -euo pipefail
version=0.3.36
folder=$(mkdir -p "${1:?usage: $0 FOLDER}" && cd "$1" && pwd)
venv=$folder/venv
[ -x "$venv/bin/cmake" ] || {
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet cmake==4.4.4 ninja==1.13.2 scikit-build-core==1.1.2 flit-core==4.2.0
}
export PATH=$venv/bin:$PATH
if [ ! -d "$folder/src/llama_cpp_python-$version" ]; then
    mkdir -p "$folder/src"
    pip download --quiet --no-deps --no-build-isolation --no-binary llama-cpp-python -d "$folder/src" \
        "llama-cpp-python==$version"
    tar -xzf "$folder/src/llama_cpp_python-$version.tar.gz" -C "$folder/src"
fi
# GGML_NATIVE: a generic build would be an unfair opponent.
cmake -S "$folder/src/llama_cpp_python-$version/vendor/llama.cpp" -B "$folder/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF
cmake --build "$folder/build" --target llama-bench llama-batched-bench llama-completion \
    llama-quantize llama-tokenize llama-perplexity llama-imatrix llama-server
