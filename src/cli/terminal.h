/* A terminal that this process has changed, put in order whatever ends or stops the process, but SIGKILL. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

/* From now on `give_back`, async-signal-safe, is called before a signal ends the process without passing by terminal_release,
 * and before one stops it. After a stop whoever changed the terminal does so again. One at a time, because signals go to all
 * of the process. SIGINT and SIGTERM are not among them: what ends by those ends in order. */
void terminal_watch(void (*give_back)(void));
void terminal_release(void); /* harmless when nobody watches */

#endif
