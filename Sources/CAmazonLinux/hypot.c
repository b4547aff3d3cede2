// SPDX-License-Identifier: Apache-2.0

// Amazon Linux 2023 has glibc 2.34. Of all that Foundation uses, only these two have a newer version in newer libraries
// (glibc's release notes of 2.35): the older one is asked for by its version, and does the same.
#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__)

#if defined(__x86_64__)
#define OLD "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define OLD "GLIBC_2.17"
#endif

#ifdef OLD
double old_hypot(double x, double y);
float old_hypotf(float x, float y);
__asm__(".symver old_hypot, hypot@" OLD);
__asm__(".symver old_hypotf, hypotf@" OLD);

double hypot(double x, double y) { return old_hypot(x, y); }
float hypotf(float x, float y) { return old_hypotf(x, y); }
#endif

#endif
