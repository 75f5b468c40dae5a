# What run.sh and second.sh share: where results go, how a step is run within its time, and what is told. Read by them.
#
# Before: $here is this folder, $results the name of the folder of results, $within the seconds for all.

program=$here/semantik-device
started=$(date +%s)
out=$here/results/$results
work=$here/work
# Of an earlier run nothing is to be mistaken for this one's.
rm -rf "$out"
mkdir -p "$out" "$work" || exit 1
# Compiled and tuned kernels of other runs would be measured too, and nothing is to stay on this machine.
SEMANTIK_CACHE=$work/cache XDG_CACHE_HOME=$work/cache SEMANTIK_DATA=$work/data
CUDA_CACHE_PATH=$work/cache/cuda __GL_SHADER_DISK_CACHE_PATH=$work/cache
export SEMANTIK_CACHE SEMANTIK_DATA XDG_CACHE_HOME CUDA_CACHE_PATH __GL_SHADER_DISK_CACHE_PATH
mkdir -p "$work/cache" "$work/data"
# Mesa wants a folder of its own.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$work/runtime
    export XDG_RUNTIME_DIR
    mkdir -p "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"
fi
summary=$out/summary.txt
failures=$work/failures
: >"$failures"

has() {
    command -v "$1" >/dev/null 2>&1
}

# A Vulkan loader comes along for machines that have a driver and none; some keep the driver's manifest to themselves.
if ! { has ldconfig && ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'; } && [ -e "$here/lib/libvulkan.so.1" ]; then
    LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
fi
manifest=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
if [ -z "${VK_DRIVER_FILES:-}" ] && [ -e "$manifest" ]; then
    VK_DRIVER_FILES=$manifest
    export VK_DRIVER_FILES
fi

tell() {
    echo "$*" | tee -a "$summary"
}

# Seconds that are left of all.
left() {
    echo $((within - ($(date +%s) - started)))
}

# step NAME END SECONDS COMMAND…: output into NAME.END, errors into NAME.err, and a line into the summary. It gets no more
# time than is left, and is left out where that is too little to start. Gives the command's exit code. ($kind is hardware or
# software. Variables of a shell's function are everyone's: hence the names.)
step() {
    step_name=$1 step_out=$out/$1.$2 step_err=$out/$1.err step_limit=$3
    shift 3
    step_left=$(left)
    if [ "$step_left" -lt 5 ]; then
        tell "left out $step_name: no time is left"
        return 0
    fi
    # A processor needs its time to be a card.
    [ "${kind:-hardware}" = hardware ] || step_limit=$((step_limit * 3))
    [ "$step_limit" -le "$step_left" ] || step_limit=$step_left
    step_start=$(date +%s)
    if has timeout; then
        timeout -k 2 "$step_limit" "$@" >"$step_out" 2>"$step_err" </dev/null
    else
        "$@" >"$step_out" 2>"$step_err" </dev/null
    fi
    step_code=$?
    step_took=$(($(date +%s) - step_start))
    if [ $step_code -eq 0 ]; then
        tell "ok       $step_name ($step_took s)"
    elif [ $step_code -eq 124 ] || [ $step_code -eq 137 ]; then
        echo "$step_name" >>"$failures"
        tell "FAILED   $step_name: not done after $step_limit s"
    elif [ $step_code -ge 128 ] && [ "${kind:-hardware}" = software ]; then
        tell "CRASHED  $step_name: signal $((step_code - 128)) after $step_took s, on a GPU that the processor computes"
    elif [ $step_code -ge 128 ]; then
        echo "$step_name" >>"$failures"
        tell "FAILED   $step_name: crashed with signal $((step_code - 128)) after $step_took s"
    else
        echo "$step_name" >>"$failures"
        step_why=$(grep -m 1 '^error' "$step_err" || tail -n 1 "$step_out")
        tell "FAILED   $step_name: exit code $step_code after $step_took s: $step_why"
    fi
    return $step_code
}

# What the machine is, and which devices it has.
look_around() {
    {
        date -u
        cat "$here/VERSION"
        uname -a
        [ -r /etc/os-release ] && sed -n 's/^PRETTY_NAME=//p' /etc/os-release
        [ -r /proc/cpuinfo ] && sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
        [ -r /proc/meminfo ] && sed -n 's/^MemTotal: */memory /p' /proc/meminfo
        env | grep -E '^(CUDA|NVIDIA|ROCR|HIP|VK|MESA|BURN|CUBECL|LD)_' | sort
        has nvidia-smi && nvidia-smi
        has rocm-smi && rocm-smi
        has vulkaninfo && vulkaninfo --summary
    } >"$out/machine.txt" 2>&1
    step devices txt 20 "$program" devices
    step devices-json json 20 "$program" devices --format json
    "$program" devices --format lines >"$out/devices.lines" 2>/dev/null
}

# The first device of a backend that is there: its spec.
present() {
    awk -F '\t' -v want="$1" '{ split($1, spec, ":") } spec[1] == want && $2 == "present" { print $1; exit }' \
        "$out/devices.lines"
}

# Whether a device is hardware or software, and how its name is written in names of files.
of_device() {
    kind=$(awk -F '\t' -v want="$1" \
        '{ split($1, spec, ":") } $1 == want || spec[1] == want { print $3; exit }' "$out/devices.lines")
    : "${kind:=hardware}"
    name=$(printf '%s' "$1" | tr ':' '-')
    # Software Vulkan crashes on kernels in SPIR-V; the same in WGSL.
    wgsl=
    unset CUBECL_AUTOTUNE_LEVEL
    if [ "$kind" != hardware ]; then
        wgsl=wgsl
        # There it takes minutes to try what a card tries in seconds.
        CUBECL_AUTOTUNE_LEVEL=minimal
        export CUBECL_AUTOTUNE_LEVEL
    fi
    # What has more to choose from, and memory of its own.
    card=no
    case $1 in cpu*) ;; *) [ "$kind" != hardware ] || card=yes ;; esac
}

# The tables, and one archive of everything.
finish() {
    find "$out" -name '*.err' -size 0 -exec rm -f {} +
    tell "$(wc -l <"$failures" | tr -d ' ') failed; $(($(date +%s) - started)) s in all; everything is in $out"
    "$program" report "$out" | tee "$out/report.txt"
    tar -C "$here/results" -czf "$here/results/$results.tar.gz" "$results"
    [ -z "${OUT:-}" ] || cp "$here/results/$results.tar.gz" "$OUT/"
    [ ! -s "$failures" ]
}
