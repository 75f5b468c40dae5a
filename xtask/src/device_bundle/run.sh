#!/bin/sh
# The first look at a machine's devices: is everything right on them, and how fast? Writes into results/first/ beside this
# file, and prints its tables at the end. second.sh is what comes after it.
#
# usage: ./run.sh [--quick] [--within SECONDS] [BACKEND…]
#
# Without a name: of cuda, rocm, metal, vulkan and wgpu those that are there (wgpu where no other is), and without any the
# processor. Needs nothing but a POSIX shell and the GPU's driver; sentence-transformers is measured beside it where python3
# has it. Each step is a process of its own, so that a driver that crashes ends one step and not the others. Exit code 1 if
# anything failed on real hardware.
#
#   --quick            one check, one text, the smallest shape: to see that everything runs
#   --within SECONDS   the time for all, 450 if not said; what has no time left is left out
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
results=first within=450 seconds=0.5 queue=20 texts=1000 largest=1000000 checks=
wanted=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) seconds=0.1 queue=2 texts=1 largest=64 checks=e1_faithful_to_the_oracle ;;
    --within) within=$2 && shift ;;
    -*)
        sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    *) wanted="$wanted $1" ;;
    esac
    shift
done
. "$here/steps.sh"

look_around
if [ -z "$wanted" ]; then
    for backend in cuda rocm metal vulkan; do
        wanted="$wanted $(present $backend)"
    done
    [ -n "$(echo "$wanted" | tr -d ' ')" ] || wanted=$(present wgpu)
    [ -n "$(echo "$wanted" | tr -d ' ')" ] || tell "skipped  GPU: none is there; devices.txt says why"
fi
[ -n "$(echo "$wanted" | tr -d ' ')" ] || wanted=cpu

# Right? Processes that share the machine: none of this measures anything.
for spec in $wanted; do
    of_device "$spec"
    step "$name-test" txt 90 "$program" $wgsl test --backend "$spec" $checks &
    step "$name-parity-f32-explicit" jsonl 90 "$program" $wgsl parity --backend "$spec" --texts $texts &
    # On software only what it has kernels for; on hardware everything that is to be chosen from.
    [ $card = yes ] || continue
    for dtype in f16 bf16; do
        step "$name-parity-$dtype-explicit" jsonl 90 "$program" parity --backend "$spec" --texts $texts --dtype $dtype &
    done
    for dtype in f32 f16 bf16; do
        step "$name-parity-$dtype-fused" jsonl 90 "$program" parity --backend "$spec" --texts $texts --dtype $dtype \
            --attention fused &
    done
done
wait

# How fast? Alone, what says most first.
bench() {
    step "$name-bench-$1-$2" jsonl "$3" "$program" $wgsl bench --backend "$spec" --dtype "$1" --attention "$2" \
        --seconds $seconds --queue $queue --largest $largest
}
peer() {
    if ! [ -d "$here/model" ]; then
        tell "skipped  sentence-transformers: the model is not in this bundle"
    elif has python3 && python3 -c 'import sentence_transformers' >/dev/null 2>&1; then
        step sentence-transformers jsonl 60 python3 "$here/peer.py" shapes "$here/model" $seconds
    else
        tell "skipped  sentence-transformers: python3 does not have it"
    fi
}
first=yes
for spec in $wanted; do
    of_device "$spec"
    bench f32 explicit 75
    if [ $card = yes ] && [ $first = yes ]; then
        bench f16 fused 60
        peer
        step "$name-replay" jsonl 45 "$program" replay --backend "$spec" --largest $largest
        bench f16 explicit 45
        bench f32 fused 45
        bench bf16 fused 45
        bench bf16 explicit 45
    fi
    first=no
done
finish
