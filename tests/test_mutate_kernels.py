"""The mutation check itself: what it takes out of a kernel file, and that tests notice it."""
from gpuarray.cuda.source import FOLDER
from tests.cuda_on_cpu import build
from tests.mutate_kernels import runner
from tests.mutate_kernels.equivalent import EQUIVALENT
from tests.mutate_kernels.mutants import KINDS, find_mutants
from tests.mutate_kernels.runner import files_of, run_mutants

KERNEL = """// A comment: __syncthreads(); i < n
#if A < B
constexpr int BLOCKS = A > B ? 2 : 3;
template <int N, class T> __device__ void f(In<T> x, int n) {
    static_assert(N < 5, "i < 5");
    int i = min(threadIdx.x, n - 1), j = g(i, 2);
    if (i >= n || j < 0) return;
    float v = i + 1 < n && j > (i < 3) ? x[i] : 0.0f;
    for (int k = 0; k < n; ++k) if (k + j < n) v += x[k + j];
    copy_async_wait<N - 1>();
    __syncthreads();      // why
    if (n >= 0) v = x[n];
    return v < 0.0f;
}
"""


def test_what_is_taken_out():
    found = [(mutant.line, mutant.kind, KERNEL[mutant.begin:mutant.end], mutant.replacement)
             for mutant in find_mutants("f.cu", KERNEL) if not mutant.kind.startswith("moved")]
    assert found == [
        (6, "bounds", "min(threadIdx.x, n - 1)", "(threadIdx.x)"),
        (7, "bounds", "i >= n", "false"), (7, "bounds", "j < 0", "false"),
        (8, "bounds", "i + 1 < n", "true"), (8, "bounds", "j > (i < 3)", "true"),
        (8, "bounds", "i < 3", "true"),
        (9, "bounds", "k + j < n", "true"),
        (10, "wait", "copy_async_wait<N - 1>();", ";"), (11, "barrier", "__syncthreads();", ";"),
        (12, "bounds", "n >= 0", "true"), (13, "bounds", "v < 0.0f", "true")]


def test_a_mutant_changes_one_place():
    mutant, = (mutant for mutant in find_mutants("f.cu", KERNEL) if mutant.kind == "barrier")
    assert mutant.apply(KERNEL) == KERNEL.replace("__syncthreads();      // why", ";      // why")
    assert str(mutant) == "f.cu:11: barrier: __syncthreads();      // why [removed]"


MOVES = """void f() {
    auto stage = [&](int step) {
        if (step < n) start(step);
        copy_async_commit();
    };
    for (int step = 0; step < n; ++step) {
        copy_async_wait<1>();
        __syncthreads();
        const int next = step + 1;
#pragma unroll
        for (int i = 0; i < 2; ++i) load(next);
        if (step < 2) { add(step); } else sum = {1, 2};
        __syncthreads();
    }
    __syncthreads();
    return;
}
"""


def test_what_is_moved():
    found = {mutant.words: mutant.apply(MOVES) for mutant in find_mutants("f.cu", MOVES)
             if mutant.kind.startswith("moved")}
    names = {"copy_async_commit();": "commit", "if (step < n) start(step);": "start",
             "__syncthreads();": "sync", "copy_async_wait<1>();": "wait",
             "for (int i = 0; i < 2; ++i) load(next);": "load",
             "if (step < 2) { add(step); } else sum = {1, 2};": "add", "const int next = step + 1;": "next"}

    def outline(text):
        text = " ".join(text.split())
        for statement, name in names.items():
            text = text.replace(statement, name)
        return [name for name in text.replace("#pragma unroll ", "").split() if name in names.values()]

    assert outline(MOVES) == "start commit wait sync next load add sync sync".split()
    loop = "for (int step = 0; step < n; ++step) { copy_async_wait<1>();..."
    assert {words: outline(text) for words, text in found.items()} == {
        words: order.split() for words, order in {
            "copy_async_commit(); [moved in front of if (step < n) start(step);]":
                "commit start wait sync next load add sync sync",
            "__syncthreads(); [moved in front of copy_async_wait<1>();]":
                "start commit sync wait next load add sync sync",
            "__syncthreads(); [moved behind for (int i = 0; i < 2; ++i) load(next);]":
                "start commit wait next load sync add sync sync",
            "for (int i = 0; i < 2; ++i) load(next); [moved in front of copy_async_wait<1>();]":
                "start commit load wait sync next add sync sync",
            "__syncthreads(); [moved in front of if (step < 2) { add(step); } else sum = {1, 2};]":
                "start commit wait sync next load sync add sync",
            f"__syncthreads(); [moved in front of {loop}]":
                "start commit sync wait sync next load add sync"}.items()}


def test_kernel_files_have_something_to_take_out():
    kinds = {mutant.kind for path in FOLDER.glob("*.cu*")
             for mutant in find_mutants(path.name, path.read_text())}
    assert kinds == set(KINDS)


def test_the_files_of_a_kernel():
    assert {"common.cuh", "conv_forward.cu", "tile.cuh", "product_mma.cuh"} <= files_of("conv_forward.cu")
    assert files_of("cast.cu") == {"common.cuh", "cast.cu"}


def test_the_kernel_files_of_a_test_are_noted(tmp_path, monkeypatch):
    (tmp_path / "test_it.py").write_text("""if True:
        import gpuarray as ga
        import numpy as np
        from tests.gpuarray.cuda import working_cupy

        def test_it(monkeypatch):
            with working_cupy.serving(monkeypatch):
                ga.to_device(np.ones(3, np.float32), "cuda").astype("float32")
                ga.normal((3,), 7, ga.to_device(np.zeros(1, np.uint64), "cuda"), 0)
        """)
    monkeypatch.setattr(runner, "TESTS", tmp_path)
    monkeypatch.setattr(build, "CACHE", tmp_path)
    tests, seconds = runner.tests_by_file()
    assert set(tests) == {"common.cuh", "noise.cu"}
    (test, within), = seconds.items()
    assert tests["noise.cu"] == [test] and within > 0


def test_tests_notice_a_mutant_and_only_that():
    text = (FOLDER / "cast.cu").read_text()
    mutant, = find_mutants("cast.cu", text)
    unchanged = type(mutant)(**{**vars(mutant), "replacement": text[mutant.begin:mutant.end]})
    tests = {"cast.cu": ["tests/gpuarray/cuda/test_cast.py::test_to_bfloat16_and_back"]}
    results = dict(run_mutants([mutant, unchanged], tests, {tests["cast.cu"][0]: 1}, jobs=2))
    assert results == {mutant: "noticed", unchanged: "missed"}


def test_exceptions_are_of_mutants_that_there_are():
    mutants = {(path.name, mutant.words) for path in FOLDER.glob("*.cu*")
               for mutant in find_mutants(path.name, path.read_text())}
    assert set(EQUIVALENT) <= mutants and all(EQUIVALENT.values())
