// Loops compiled for the baseline instruction set and for x86-64-v3 (AVX2, BMI2, POPCNT); the
// loader picks. What they call is inlined, so that it profits too.
#pragma once

// Sanitizers intercept before the loader can resolve such functions.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define U65SIM_VERSIONS __attribute__((target_clones("default", "arch=x86-64-v3"), flatten))
#else
#define U65SIM_VERSIONS
#endif
