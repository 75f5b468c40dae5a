#!/bin/sh
# The second look: memory, the main job, and neighbours on the same card. To be started after run.sh, in the same folder;
# writes into results/second/, and prints its tables at the end.
#
# usage: ./second.sh [--quick] [--within SECONDS] [BACKEND]
#
# Without a name: the first of cuda, rocm, metal, vulkan and wgpu that is there, else the processor. On it: what a known
# size, a model and 20 rounds of models take of the card and give back, beside nvidia-smi; 10 MB of documents to JSON lines,
# with how busy the card is, with one batch in flight and two, in f32 and f16, with explicit and fused attention, and
# sentence-transformers on the same chunks; the same with a neighbour that holds most of the
# card, with one that takes and gives, and twice at once.
#
#   --quick            a few lines of one document, to see that everything runs
#   --within SECONDS   the time for all, 450 if not said; what has no time left is left out
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
results=second within=450 copies=6 rounds=20 chunks=8000
spec=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) copies=0 rounds=2 chunks=50 ;;
    --within) within=$2 && shift ;;
    -*)
        sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    *) spec=$1 ;;
    esac
    shift
done
. "$here/steps.sh"

look_around
for backend in cuda rocm metal vulkan wgpu cpu; do
    [ -n "$spec" ] || spec=$(present $backend)
done
of_device "$spec"

# The documents: this project's own, several times over.
documents=$work/documents few=$here/texts
rm -rf "$documents"
mkdir -p "$documents"
if [ $copies -eq 0 ]; then
    few=$documents/few.md
    head -n 4 "$here/texts/docs/glossary.md" >"$few"
fi
copy=0
while [ $copy -lt $copies ]; do
    cp -r "$here/texts" "$documents/$copy"
    copy=$((copy + 1))
done
tell "         $(cat $(find "$documents" -type f) | wc -c | tr -d ' ') bytes of documents"

step "$name-memory" jsonl 60 "$program" $wgsl memory --backend "$spec" --rounds $rounds

# embed NAME SECONDS FOLDER [OPTION…]: the main job, its vectors beside the documents.
embed() {
    embed_name=$1 embed_limit=$2 embed_from=$3
    shift 3
    # Of an earlier run nothing is to be mistaken for this one's.
    rm -f "$work/$embed_name".jsonl*
    step "$embed_name" txt "$embed_limit" "$program" $wgsl semantik embed "$embed_from" --model "$here/model" \
        --backend "$spec" -o "$work/$embed_name.jsonl" "$@"
    embed_code=$?
    [ ! -e "$work/$embed_name.jsonl.meta.json" ] || cp "$work/$embed_name.jsonl.meta.json" "$out/$embed_name.meta.json"
    return $embed_code
}
# same NAME OTHER: whether another run gave the same.
same() {
    [ ! -e "$work/$1.jsonl" ] || [ ! -e "$work/$2.jsonl" ] ||
        step "$2-same" jsonl 30 "$program" same "$work/$1.jsonl" "$work/$2.jsonl"
}

if ! [ -d "$here/model" ]; then
    tell "skipped  documents: the model is not in this bundle"
    finish
    exit
fi
# How busy the card is meanwhile, five times a second.
if [ $card = yes ] && has nvidia-smi; then
    nvidia-smi --query-gpu=utilization.gpu,memory.used --format=csv,noheader,nounits -lms 200 >"$out/busy.csv" 2>/dev/null &
    busy=$!
fi
embed embed 90 "$documents"
[ -z "${busy:-}" ] || kill "$busy" 2>/dev/null
embed embed-again 60 "$documents"
same embed embed-again
# What each choice is worth, beside the run above: each begins with what an earlier one has learned, and with its kernels.
if [ $card = yes ]; then
    embed embed-1-in-flight 45 "$documents" --in-flight 1
    same embed embed-1-in-flight
    for attention in explicit fused; do
        embed "f16-$attention-1st" 60 "$documents" --dtype f16 --attention $attention
        embed "f16-$attention" 45 "$documents" --dtype f16 --attention $attention
    done
    embed f16-1-in-flight 45 "$documents" --dtype f16 --in-flight 1
fi
# Without the model, to see what of the time is reading and cutting.
step chunk txt 60 "$program" semantik chunk "$documents" --model "$here/model" --unit tokens --size 256 --overlap 51 \
    --format jsonl -o "$work/chunks.jsonl"
if has python3 && python3 -c 'import sentence_transformers' >/dev/null 2>&1; then
    step sentence-transformers jsonl 75 python3 "$here/peer.py" encode "$here/model" "$work/chunks.jsonl" $chunks
else
    tell "skipped  sentence-transformers: python3 does not have it"
fi

# Neighbours. What they leave is for the runtime, the weights and the batches. The processor's memory is everyone's: there
# it is left in peace.
torch=no
! has python3 || ! python3 -c 'import torch; torch.cuda.init()' >/dev/null 2>&1 || torch=yes
neighbour() {
    : >"$work/neighbour.txt"
    if [ $torch = yes ]; then
        python3 "$here/hold.py" "$@" >"$work/neighbour.txt" 2>"$out/neighbour.err" </dev/null &
    else
        "$program" $wgsl hold --backend "$spec" "$@" >"$work/neighbour.txt" 2>"$out/neighbour.err" </dev/null &
    fi
    holder=$!
    neighbour_waited=0
    until grep -q holds "$work/neighbour.txt" || [ $neighbour_waited -ge 15 ] || ! kill -0 $holder 2>/dev/null; do
        sleep 1
        neighbour_waited=$((neighbour_waited + 1))
    done
    tell "         neighbour: $(tail -n 1 "$work/neighbour.txt")"
}
alone_again() {
    kill $holder 2>/dev/null
    wait $holder 2>/dev/null
}
if [ $card = yes ]; then
    embed few 60 "$few"
    for leave in 1600 900 650; do
        neighbour --leave $leave --seconds 40
        embed "beside-$leave" 30 "$few"
        alone_again
        same few "beside-$leave"
    done
    neighbour --leave 1500 --step 700 --seconds 60
    embed beside-changing 45 "$documents" --safety-factor 1.0
    alone_again
    same embed beside-changing
else
    tell "skipped  neighbours: the memory is the host's"
fi
embed twice-a 60 "$documents" &
embed twice-b 60 "$documents"
wait $!
same embed twice-a
same embed twice-b
finish
