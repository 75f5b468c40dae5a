#!/bin/sh
# Runs everything that is to be known about a machine's devices, and writes it into results/<date>/ beside this file.
#
# usage: ./run.sh [--quick] [BACKEND…]
#
# Without a name: the best GPU backend that is there (cuda where the bundle has it, else rocm, metal, vulkan or
# wgpu), and the processor. Needs nothing but a POSIX shell and the GPU's driver. Each step is a process of its own, so
# that a driver that crashes ends one step and not the others. Exit code 1 if anything failed on real hardware.
#
#   --quick   shorter measurements, and 20 rounds of the leak check instead of 200
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
program=$here/semantik-device
seconds=5
rounds=200
wanted=
for word in "$@"; do
    case $word in
    --quick) seconds=1 rounds=20 ;;
    -*)
        sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    *) wanted="$wanted $word" ;;
    esac
done

out=$here/results/$(date -u +%Y-%m-%dT%H-%M-%SZ)
mkdir -p "$out" || exit 1
# Compiled and tuned kernels of other runs would be measured too, and nothing is to stay on this machine.
SEMANTIK_CACHE=$out/cache XDG_CACHE_HOME=$out/cache
CUDA_CACHE_PATH=$out/cache/cuda __GL_SHADER_DISK_CACHE_PATH=$out/cache
export SEMANTIK_CACHE XDG_CACHE_HOME CUDA_CACHE_PATH __GL_SHADER_DISK_CACHE_PATH
mkdir -p "$out/cache"
# Mesa wants a folder of its own.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$out/runtime
    export XDG_RUNTIME_DIR
    mkdir -p "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"
fi
summary=$out/summary.txt
failed=0
crashed=0

has() {
    command -v "$1" >/dev/null 2>&1
}

tell() {
    echo "$*" | tee -a "$summary"
}

# step KIND NAME END MINUTES COMMAND…: output into NAME.END, errors into NAME.err, and a line into the summary. KIND is
# hardware or software. Gives the command's exit code. (Variables of a shell's function are everyone's: hence the names.)
step() {
    step_kind=$1 step_name=$2 step_out=$out/$2.$3 step_err=$out/$2.err step_minutes=$4
    shift 4
    step_start=$(date +%s)
    if has timeout; then
        timeout -k 10 "$((step_minutes * 60))" "$@" >"$step_out" 2>"$step_err" </dev/null
    else
        "$@" >"$step_out" 2>"$step_err" </dev/null
    fi
    step_code=$?
    step_took=$(($(date +%s) - step_start))
    if [ $step_code -eq 0 ]; then
        tell "ok       $step_name ($step_took s)"
    elif [ $step_code -eq 124 ]; then
        failed=$((failed + 1))
        tell "FAILED   $step_name: not done after $step_minutes minutes"
    elif [ $step_code -ge 128 ] && [ "$step_kind" = software ]; then
        crashed=$((crashed + 1))
        tell "CRASHED  $step_name: signal $((step_code - 128)) after $step_took s, on a GPU that the processor computes"
    elif [ $step_code -ge 128 ]; then
        failed=$((failed + 1))
        tell "FAILED   $step_name: crashed with signal $((step_code - 128)) after $step_took s"
    else
        failed=$((failed + 1))
        step_why=$(grep -m 1 '^error' "$step_err" || tail -n 1 "$step_out")
        tell "FAILED   $step_name: exit code $step_code after $step_took s: $step_why"
    fi
    return $step_code
}

{
    date -u
    cat "$here/VERSION"
    uname -a
    [ -r /etc/os-release ] && sed -n 's/^PRETTY_NAME=//p' /etc/os-release
    [ -r /proc/cpuinfo ] && sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
    [ -r /proc/meminfo ] && sed -n 's/^MemTotal: */memory /p' /proc/meminfo
    env | grep -E '^(CUDA|NVIDIA|ROCR|HIP|VK|MESA|BURN|CUBECL)_' | sort
    has nvidia-smi && nvidia-smi
    has rocm-smi && rocm-smi
    has vulkaninfo && vulkaninfo --summary
} >"$out/machine.txt" 2>&1

step hardware devices txt 5 "$program" devices
step hardware devices-json json 5 "$program" devices --format json
"$program" devices --format lines >"$out/devices.lines" 2>/dev/null

# The first device of a backend that is there: its spec.
present() {
    awk -F '\t' -v want="$1" '{ split($1, spec, ":") } spec[1] == want && $2 == "present" { print $1; exit }' \
        "$out/devices.lines"
}

if [ -z "$wanted" ]; then
    for backend in cuda rocm metal vulkan wgpu; do
        wanted=$(present $backend)
        [ -n "$wanted" ] && break
    done
    [ -n "$wanted" ] || tell "skipped  GPU: none is there; devices.txt says why"
    wanted="$wanted cpu"
fi

for spec in $wanted; do
    line=$(awk -F '\t' -v want="$spec" \
        '{ split($1, spec, ":") } $1 == want || spec[1] == want { print; exit }' "$out/devices.lines")
    kind=$(printf '%s' "$line" | cut -f 3)
    tell "--- $spec: $(printf '%s' "$line" | cut -f 4) (${kind:=hardware})"
    name=$(printf '%s' "$spec" | tr ':' '-')
    if [ "$kind" = software ]; then
        # It takes minutes to compile and tune what a card does in seconds: fewer texts, which are fewer kernels.
        step software "$name-test" txt 30 "$program" test --backend "$spec"
        [ $? -lt 128 ] || tell "         software Vulkan is known to crash on kernels in SPIR-V; the rest is in WGSL"
        step software "$name-wgsl-test" txt 30 "$program" wgsl test --backend "$spec"
        step software "$name-wgsl-parity" jsonl 30 "$program" wgsl parity --backend "$spec" --texts 2
        step software "$name-wgsl-bench" jsonl 30 "$program" wgsl bench --backend "$spec" --seconds 1
        step software "$name-wgsl-memory" jsonl 30 "$program" wgsl memory --backend "$spec" --rounds 20
        continue
    fi
    step hardware "$name-test" txt 15 "$program" test --backend "$spec"
    step hardware "$name-parity" jsonl 15 "$program" parity --backend "$spec"
    step hardware "$name-bench" jsonl 30 "$program" bench --backend "$spec" --seconds "$seconds"
    step hardware "$name-memory" jsonl 30 "$program" memory --backend "$spec" --rounds "$rounds"
    if [ -d "$here/model" ]; then
        step hardware "$name-embed" txt 15 "$program" semantik embed "$here/README.md" "$here/LICENSE-APACHE" \
            --model "$here/model" --backend "$spec" -o "$out/$name-embedded.jsonl"
        step hardware "$name-search" txt 15 "$program" semantik search "$out/$name-embedded.jsonl" \
            "How is this run?" -k 1 --format text --model "$here/model" --backend "$spec"
        # What it took is in its .meta.json; the vectors are of no further use.
        rm -f "$out/$name-embedded.jsonl"
    fi
done

# The peer, on the same model, in f16 on a GPU and in f32 on a processor.
if ! [ -d "$here/model" ]; then
    tell "skipped  sentence-transformers: the model is not in this bundle"
elif has python3 && python3 -c 'import sentence_transformers' >/dev/null 2>&1; then
    step hardware sentence-transformers jsonl 30 python3 "$here/peer.py" "$here/model" "$seconds"
else
    tell "skipped  sentence-transformers: python3 does not have it"
fi

rm -rf "$out/cache" "$out/runtime"
# What said nothing has nothing to say.
find "$out" -name '*.err' -size 0 -exec rm -f {} +
tell "$failed failed, $crashed crashed on a software device; everything is in $out"
[ "$failed" -eq 0 ]
