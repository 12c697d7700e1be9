// What a fiber needs of the machine: its stack, the switch from one stack to another, and the functions by
// which AddressSanitizer and ThreadSanitizer, where one of them is loaded, are told of both.
#pragma once
#include <stddef.h>
#include <sys/mman.h>

#define WEAK __attribute__((weak))

extern "C" {
WEAK void __asan_poison_memory_region(const volatile void*, size_t);
WEAK void __asan_unpoison_memory_region(const volatile void*, size_t);
WEAK void* __tsan_get_current_fiber();
WEAK void* __tsan_create_fiber(unsigned);
WEAK void __tsan_switch_to_fiber(void*, unsigned);
WEAK void __tsan_acquire(void*);
WEAK void __tsan_release(void*);
void switch_stack(void** save, void* to);
}

// Saves the registers that a call must keep on the old stack and takes them from the new one.
#if defined(__x86_64__)
asm(R"(
.text
.globl switch_stack
.hidden switch_stack
.type switch_stack, @function
switch_stack:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
)");
constexpr int SAVED_WORDS = 6;
#else
#error "the fiber switch is written for x86-64"
#endif

static void acquire(char* token) { if (__tsan_acquire) __tsan_acquire(token); }
static void release(char* token) { if (__tsan_release) __tsan_release(token); }

static char* map_memory(size_t bytes) {
    const int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return (char*)mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kind, -1, 0);
}
