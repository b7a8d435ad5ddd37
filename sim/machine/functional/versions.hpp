// Loops compiled for the baseline instruction set and for AVX2; the loader picks.
#pragma once

// Sanitizers intercept before the loader can resolve such functions.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define U65SIM_VERSIONS __attribute__((target_clones("default", "avx2")))
#else
#define U65SIM_VERSIONS
#endif
