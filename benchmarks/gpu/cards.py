"""What cards can do, for the model (model.py): figures that others publish, none of them measured here."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """clock: GHz, the one of NVIDIA's peak figures for the tensor cores. fma, tf32, bf16: multiply-adds of a
    multiprocessor in a clock. mma_sync: the part of tf32 and bf16 that mma.sync reaches. l2, dram: GB/s.
    """
    name: str
    architecture: str
    capability: tuple
    multiprocessors: int
    clock: float
    fma: int
    tf32: int
    bf16: int
    mma_sync: float
    l2: float
    dram: float


# Multiprocessors, clocks and rates: NVIDIA's architecture whitepapers (A100, H100, Ada) and data sheets.
# mma_sync of Hopper: Luo et al., Benchmarking and Dissecting the Nvidia Hopper GPU Architecture (arXiv
# 2402.13499), where mma reaches 63% of the peak on average; wgmma is taken to reach all of it.
# l2, dram: reads that github.com/te42kyfo/gpu-benches reports (gpu-l2-cache: h200, a100_80, l40), l2 of 10 to
# 25 MB. The H100 is taken to have the H200's l2, the RTX 4090 that of the L40, which is the same chip; their
# dram is nine tenths of the data sheets' 3,350 and 1,008.
CARDS = (
    Card("H100 SXM", "sm_90", (9, 0), 132, 1.83, 128, 1024, 2048, 0.63, 9_700, 3_000),
    Card("H200", "sm_90", (9, 0), 132, 1.83, 128, 1024, 2048, 0.63, 9_700, 3_890),
    Card("A100 80 GB", "sm_80", (8, 0), 108, 1.41, 64, 512, 1024, 1.0, 5_400, 1_730),
    Card("RTX 4090", "sm_89", (8, 9), 128, 2.52, 128, 128, 256, 1.0, 5_200, 910),
)
