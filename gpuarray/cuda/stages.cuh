// product += A B over `steps` steps, whose slices of A and B lie in one of STAGES buffers, which take turns,
// so that the next slices are on their way while one is multiplied. The file that includes this one says what
// A, B and Product are. operands.load(a, b) starts the copies of a step's slices; it is called once for each
// step, in order. Afterwards the shared memory is free.
template <class Operands>
__device__ inline void accumulate(Product& product, Operands& operands, int steps) {
    auto stage = [](int step) { return dynamic_shared<element>() + step % STAGES * (A::SIZE + B::SIZE); };
    auto load = [&](int step) {
        if (step < steps) operands.load(stage(step), stage(step) + A::SIZE);
        copy_async_commit();                                            // one group a step, even an empty one
    };
    for (int step = 0; step < STAGES - 1; ++step) load(step);
    for (int step = 0; step < steps; ++step) {
        copy_async_wait<STAGES - 2>();
        __syncthreads();               // this step's slices are here, and nobody reads those before it
        load(step + STAGES - 1);
        product.add(stage(step), stage(step) + A::SIZE);
    }
    __syncthreads();
}
