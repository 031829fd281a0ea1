/* The only place that reads a clock. Everything else is handed the time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Monotonic, for durations. Microseconds since an arbitrary moment. */
int64_t clock_monotonic_us(void);
/* Wall clock, for certificates and for lining up with server logs. Microseconds since the Unix epoch. */
int64_t clock_wall_us(void);
/* CPU time of the whole process, and of the calling thread. Microseconds. */
int64_t clock_process_cpu_us(void);
int64_t clock_thread_cpu_us(void);

#endif
