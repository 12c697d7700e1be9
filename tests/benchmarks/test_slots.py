"""Machine code is counted as it runs, and a launch's time is what the model says it is made of."""
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from benchmarks.gpu import model, slots
from benchmarks.gpu.cards import Card
from benchmarks.gpu.slots import Code
from tests.cuda_compile.nvdisasm import Loop, blocks_of, loop_of, main_loop, multiplications
from tests.cuda_compile.nvrtc import KernelReport, compile_program
from tests.cuda_compile.recorder import Launch

# A main loop from .L_x_0 on. Its branches: nothing is left to copy, a division, a new patch (with a loop).
LOOP = """
        /*0000*/                   FFMA.FTZ R1, R1, R1, R1 ;
.L_x_0:
        /*0010*/                   BAR.SYNC.DEFER_BLOCKING 0x0 ;
        /*0020*/              @!P0 BRA `(.L_x_3) ;
        /*0030*/               @P1 BRA `(.L_x_1) ;
        /*0040*/                   MUFU.RCP R4, R4 ;
        /*0050*/                   MUFU.RCP R5, R5 ;
.L_x_1:
        /*0060*/                   BRA.U !UP2, `(.L_x_2) ;
.L_x_4:
        /*0070*/                   IADD3 R8, R8, 0x1, RZ ;
        /*0080*/              @!PT LDS RZ, [RZ] ;
        /*0090*/                   LDGSTS.E.BYPASS.128 [R7], desc[UR8][R4.64], P1 ;
        /*00a0*/               @P3 BRA `(.L_x_4) ;
.L_x_2:
        /*00b0*/              @!PT LDS RZ, [RZ] ;
        /*00c0*/                   LDGSTS.E.BYPASS.128 [R9], desc[UR8][R4.64], !P0 ;
.L_x_3:
        /*00d0*/                   LDSM.16.M88.4 R64, [R6] ;
        /*00e0*/                   HMMA.1688.F32.TF32 R64, R32.reuse, R160, R64 ;
        /*00f0*/                   HMMA.1688.F32.TF32 R64, R32, R161, R64 ;
        /*0100*/              @!P4 BRA `(.L_x_0) ;
        /*0110*/                   EXIT ;
"""


def test_a_turn_multiplies_and_copies_and_skips_what_is_rare():
    loop = main_loop(blocks_of(LOOP))
    assert loop.turn == {"BAR.SYNC.DEFER_BLOCKING": 1, "BRA": 3, "BRA.U": 1, "NOP": 1, "LDSM.16.M88.4": 1,
                         "LDGSTS.E.BYPASS.128": 1, "HMMA.1688.F32.TF32": 2}
    assert loop.copy == 4                                                     # .L_x_4 copies once in four
    assert loop.count() == 10 and loop.count("HMMA", "BAR") == 3
    assert loop.multiplications == 2 * 16 * 8 * 8


def test_a_loop_may_be_left_in_its_midst():
    midst = LOOP.replace("@!P4 BRA `(.L_x_0)", "         BRA `(.L_x_0)")
    assert main_loop(blocks_of(midst)) == main_loop(blocks_of(LOOP))


@pytest.mark.parametrize("opcode, of_a_warp", [
    ("FFMA.FTZ", 32), ("FFMA2", 64), ("HMMA.16816.F32.BF16", 2048), ("HGMMA.64x128x16.F32.BF16", 32768),
    ("IMAD", 0), ("FADD", 0)])
def test_multiplications_of_an_instruction(opcode, of_a_warp):
    assert multiplications(opcode) == of_a_warp


def test_code_without_a_product_is_refused():
    with pytest.raises(ValueError, match="no loop"):
        main_loop(blocks_of(LOOP.replace("HMMA.1688.F32.TF32", "IMAD")))


def test_a_compiled_loop_is_counted():
    text = """extern "C" __global__ void other(float* y) { y[threadIdx.x] = 0.0f; }
    extern "C" __global__ void product(const float* x, float* y, int n) {
        float sum[8] = {}, v = x[threadIdx.x];
        #pragma unroll 1
        for (int i = 0; i < n; ++i)
            #pragma unroll
            for (int j = 0; j < 8; ++j) sum[j] = fmaf(v, sum[j], sum[(j + 1) % 8]);
        for (int j = 0; j < 8; ++j) y[threadIdx.x * 8 + j] = sum[j];
    }"""
    loop = loop_of(compile_program(text, "sm_90")[0].cubin, "product")
    assert loop.count("FFMA") == 8 and loop.multiplications == 8 * 32 and 10 <= loop.count() <= 16


# 2 images of 16 x 16 with 32 channels to 8 x 8 with 64, 5 x 5, stride 2: two tiles of 50 steps of 16
TILE = {"TILE_ROWS": 64, "TILE_COLS": 64, "TILE_DEPTH": 16, "THREADS": 128, "PRECISION": "TF32"}
LAUNCH = Launch("conv_forward", (2, 1, 1), TILE, (2, 16, 16, 32, 8, 8, 64, 5, 2), 10 ** 6)
TURN = {"HMMA.1688.F32.TF32": 16, "LDSM.16.M88.4": 4, "LDGSTS.E.BYPASS.128": 2, "LDS": 3, "IADD3": 7}
CODE = Code(KernelReport("conv_forward", 64, 0, 0, b""), Loop(Counter(TURN), 3.0), Fraction(1), 4)
CARD = Card("a card", "sm_90", (9, 0), 1, 1.0, 128, 1024, 2048, 0.5, 1e6, 1e3)


def test_a_launch_takes_what_its_instructions_and_bytes_take():
    found = model.bounds(LAUNCH, CARD, CODE)
    warps = 2 * 54 * 4                                      # turns of all
    further = 2 * 50 * 128 * 64 // 512 - warps * 2          # copies beside theirs
    clocks = {"issue": (warps * 32 + further * 3) / 4, "products": warps * 16 * 1024 / 512,
              "shared": warps * (4 * 4 + 2 * 4 + 3) + further * 4, "L2": 2 * 50 * 128 * 64 / 64}
    assert found == pytest.approx({bound: number / 1e9 for bound, number in clocks.items()} | {"DRAM": 1e-6})
    assert model.bounds(LAUNCH, CARD) == pytest.approx({"DRAM": 1e-6})


def test_two_multiprocessors_take_half_and_a_slow_cache_its_own_time():
    one, two = (model.bounds(LAUNCH, replace(CARD, multiprocessors=n), CODE) for n in (1, 2))
    assert two["products"] == one["products"] / 2 and two["L2"] == one["L2"] / 2
    assert model.bounds(LAUNCH, replace(CARD, l2=1.0), CODE)["L2"] == pytest.approx(2 * 50 * 128 * 64 / 1e9)


def test_rates_of_units():
    wgmma = replace(CODE, loop=Loop(Counter({"HGMMA.64x128x16.F32.BF16": 1}), 0.0))
    assert [model.rate(CODE, CARD, name) for name in ("FP32", "TF32", "BF16")] == [128, 512, 1024]
    assert model.rate(wgmma, CARD, "BF16") == 2048


def test_a_step_is_the_slowest_bound_of_each_launch():
    other = replace(LAUNCH, kernel="pad", defines={}, nbytes=3000)
    code = {(LAUNCH.program, LAUNCH.kernel): CODE}
    (kernel, bound, seconds), others = model.predict([LAUNCH, other], CARD, code)
    assert (kernel, bound) == ("conv_forward", "shared") and others == ("all others", "DRAM", 3e-9)
    assert seconds == max(model.bounds(LAUNCH, CARD, CODE).values())
    assert slots.issued([LAUNCH, other], code) == 2 * 50 * 4 * 32
