"""Mutants that change nothing a test could see, each with the proof.

(file, how the mutant shows its line): why it is equivalent.
"""
EQUIVALENT = {
    ("common.cuh", "__syncthreads();                                       // a sum before this one may "
                   "still be read [moved in front of v = warp_sum(v);]"):
        "warp_sum touches registers alone: it may stand on either side of the barrier.",
    ("conv_forward_patch.cu", "__syncthreads(); [moved in front of fill<TILE_HEIGHT, TILE_WIDTH>("
                              "destination, corner, [&](int n...]"):
        "What the second fill writes is read when the product is finished, behind accumulate's barriers.",
    ("conv_weight_grad.cu", "tap < side * side ? C - c : 0, col0 + B::place(), N * P * Q, steps.first}; "
                            "[tap < side * side -> true]"):
        "Rows of a tile beyond the last tap are not written: n_rows ends before them. What is read for them "
        "lies in x, because every pixel is tested against H and W. The test saves those reads.",
    ("window.cuh", "column < WIDTH && (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W); "
                   "[column < WIDTH -> true]"):
        "No tap reads such a place. The test saves the read of a pixel for it.",
    ("winograd_product.cu", "if (row0 >= rows) return; [row0 >= rows -> false]"):
        "A block with no rows of its point copies zeros, because no line or place of them exists, and writes "
        "none: the number of its rows is 0 or less. The test saves it the work.",
}
