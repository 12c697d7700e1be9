"""Every kernel of a full-size training step, compiled by NVIDIA's compilers for the cards it is to run on."""
import ctypes

import pytest

from benchmarks.gpu import model, slots, traffic
from benchmarks.gpu.cards import CARDS
from gpuarray.cuda import tiles
from gpuarray.cuda.conv import ALONG_DEPTH
from gpuarray.cuda.patches import WGMMA_CARDS
from gpuarray.cuda.source import FOLDER, compiler_options, source_text
from tests.cuda_compile import nvrtc
from tests.cuda_compile.nvrtc import NVRTC, compile_program
from tests.cuda_compile.table import ARCHITECTURES, FAMILIES, WHOLE, compile_all, sample

# KiB of shared memory that a block may take (CUDA C++ Programming Guide), and how much of it statically.
MOST_SHARED = {"sm_75": 64, "sm_80": 163, "sm_86": 99, "sm_89": 99, "sm_90": 227, "sm_90a": 227,
               "sm_120": 99}
MOST_STATIC = 48
# Millions of issue slots of a `released` step's products on sm_90, with a fiftieth to spare.
MOST_ISSUED = {"fp32": 5_840, "tf32": 1_685, "bf16": 740}


@pytest.fixture(scope="module")
def table():
    return compile_all(WHOLE)


@pytest.fixture(scope="module")
def samples(table):
    """{compiler: rows} of a few programs, for the architectures and by the compiler that `table` lacks"""
    chosen = {"13": [name for name in ARCHITECTURES if name not in WHOLE], "12.9": FAMILIES}
    return {version: compile_all(names, version, sample(table, version)) for version, names in chosen.items()}


@pytest.fixture(scope="module")
def all_tables(table, samples):
    return [table, *samples.values()]


def test_every_file_is_compiled_for_every_architecture(all_tables):
    files = {path.name for path in FOLDER.glob("*.cu")}
    for rows in all_tables:
        for architecture in {row[0] for row in rows}:
            compiled = {source for arch, source, *_ in rows if arch == architecture}
            no_bf16, no_wgmma = architecture == "sm_75", ARCHITECTURES[architecture] not in WGMMA_CARDS
            assert files - compiled == {*["cast.cu"] * no_bf16, *["wgmma_weights.cu"] * no_wgmma}


def test_every_architecture_and_compiler_has_its_turn(table, samples):
    assert {row[0] for row in table + samples["13"]} == ARCHITECTURES.keys()
    assert {row[0] for row in samples["12.9"]} == set(FAMILIES) and samples.keys() == NVRTC.keys()
    precisions = {dict(defines).get("PRECISION") for _, _, defines, _, _ in samples["12.9"]}
    assert precisions == {None, "FP32", "TF32", "BF16"}


def test_each_compiler_is_of_the_version_that_was_asked_for():
    for version in NVRTC:
        major, minor = ctypes.c_int(), ctypes.c_int()
        nvrtc._library(version).nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        assert f"{major.value}.{minor.value}".startswith(version)


def test_nothing_spills(all_tables):
    spilling = [str(row) for rows in all_tables for row in rows if row[-1].spills]
    assert not spilling, "\n".join(spilling)


def test_shared_memory_fits(all_tables):
    for row in sum(all_tables, []):
        architecture, *_, dynamic, report = row
        assert report.shared <= MOST_STATIC * 1024, row
        assert report.shared + dynamic <= MOST_SHARED[architecture] * 1024, row


def test_two_blocks_of_a_product_run_at_a_time(table):
    """choose_splits (tiles.py) counts on it, on the cards that it is meant for: 228 KiB, of which each block
    takes one more than it asks for. Where wgmma multiplies, one has a multiprocessor for itself."""
    kernels = {*ALONG_DEPTH, "conv_forward_patch", "conv_input_grad_patch", "winograd_product"}
    products = [row for row in table if row[0] == "sm_90" and row[-1].kernel in kernels]
    assert len(products) > 20
    for row in products:
        *_, defines, dynamic, report = row
        blocks = 1 if ("WGMMA", 1) in defines else 2
        assert blocks * (report.shared + dynamic + 1024) <= 228 * 1024, row
    assert {report.kernel for *_, defines, _, report in products if ("WGMMA", 1) in defines} == {
        "conv_forward_patch", "conv_input_grad_patch"}


def test_wgmma_that_wait_for_one_another_are_refused():
    """The sums are changed between two products that could otherwise run at the same time."""
    text = """extern "C" __global__ void k(float* y, unsigned long long b) {
        float d[32] = {};
        const unsigned a[4] = {};
        for (int i = 0; i < 9; ++i) {
            wgmma_fence(), wgmma_bf16<false>(d, a, b), wgmma_commit();
            d[0] += 1.0f;
        }
        wgmma_wait<0>();
        for (int i = 0; i < 32; ++i) y[i] = d[i];
    }"""
    with pytest.raises(RuntimeError, match="serialized"):
        compile_program(source_text("wgmma.cuh") + text, "sm_90", compiler_options((("WGMMA", 1),)))


@pytest.fixture(scope="module")
def steps(table):
    """{precision: (launches of a `released` step, Code of its products on sm_90)}"""
    reports = {}
    for architecture, *program, _, report in table:
        if architecture == "sm_90":
            reports.setdefault(tuple(program), []).append(report)
    launches = {precision: traffic.launches_of_step(precision) for precision in MOST_ISSUED}
    return {precision: (some, slots.code_of(some, "sm_90", reports)) for precision, some in launches.items()}


@pytest.mark.parametrize("precision", MOST_ISSUED)
def test_a_step_issues_no_more_than_it_did(steps, precision):
    assert 0 < slots.issued(*steps[precision]) / 1e6 <= MOST_ISSUED[precision]


def test_choose_splits_counts_what_a_step_takes(steps):
    """To within 15%, in the products that are split most: what their warps issue, one instruction a clock
    from each of four schedulers, or what they multiply."""
    met = set()
    for precision, (_, code) in steps.items():
        for ((_, defines), kernel), found in code.items():
            if kernel in ("conv_weight_grad", "conv_weight_grad_patch", "winograd_product"):
                tile, precision = _tile(dict(defines)), precision.upper()
                met.add((precision, str(tile)))
                multiplied = found.loop.multiplications / found.steps / model.rate(found, CARDS[0], precision)
                clocks = found.warps * max(found.count() / 4, multiplied)
                assert tile.clocks(precision) == pytest.approx(clocks, rel=0.15), (kernel, precision, tile)
    assert met > tiles._SLOTS.keys()


def _tile(defines):
    names = "TILE_ROWS", "TILE_COLS", "WARPS_DOWN", "WARPS_ACROSS", "TILE_DEPTH"
    return tiles.Tile(*(defines[name] for name in names))


def test_the_compiler_reports_what_a_kernel_takes():
    greedy = """extern "C" __global__ void __launch_bounds__(1024) greedy(const float* x, float* y) {
        __shared__ float tile[1024];
        float v[128];
        for (int i = 0; i < 128; ++i) v[i] = x[threadIdx.x + i * 1024];
        tile[threadIdx.x] = v[0];
        __syncthreads();
        for (int i = 0; i < 128; ++i) y[threadIdx.x + i * 1024] = v[i] * v[127 - i] + tile[i];
    }
    extern "C" __global__ void modest(float* y) { y[threadIdx.x] = 0.0f; }"""
    reports = {report.kernel: report for report in compile_program(greedy, "sm_90")}
    assert set(reports) == {"greedy", "modest"}
    greedy, modest = reports["greedy"], reports["modest"]
    assert greedy.registers == 64 and greedy.shared == 4096 and greedy.spills > 0
    assert modest.registers < 32 and modest.shared == modest.spills == 0


@pytest.mark.parametrize("text, words", [("int x = ;", "expected an expression"),
                                         ('extern "C" __global__ void k() { int unused; }', "unused")])
def test_errors_and_warnings_stop(text, words):
    with pytest.raises(RuntimeError, match=words):
        compile_program(text, "sm_90")
