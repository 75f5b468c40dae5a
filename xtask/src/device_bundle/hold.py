"""A neighbour on the card, as `semantik-device hold`, but to the byte: torch takes exactly what it is asked to.

usage: hold.py --leave MIB [--step MIB] [--seconds N]
"""
import argparse, time
import torch

arguments = argparse.ArgumentParser()
arguments.add_argument("--leave", type=int, required=True)
arguments.add_argument("--step", type=int, default=0)
arguments.add_argument("--seconds", type=float, default=60)
asked = arguments.parse_args()

torch.cuda.init()
free, _ = torch.cuda.mem_get_info()
held = torch.zeros(max(0, free - (asked.leave << 20)), dtype=torch.uint8, device="cuda")
torch.cuda.synchronize()
print(f"torch holds {held.numel() >> 20} MiB, {torch.cuda.mem_get_info()[0] >> 20} MiB free", flush=True)
end = time.monotonic() + asked.seconds
while time.monotonic() < end:
    taken = None
    if asked.step:
        try:
            taken = torch.zeros(asked.step << 20, dtype=torch.uint8, device="cuda")
        except torch.cuda.OutOfMemoryError:
            # Where the other has taken it, there is nothing to take: that is what this is for.
            pass
    time.sleep(0.3)
    del taken
    torch.cuda.empty_cache()
    time.sleep(0.3)
